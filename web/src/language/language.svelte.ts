// The language of the console: pt-BR unless the person chose, or their browser speaks, another one of ours. The texts of
// pt-BR are the keys' type; the two others are loaded when they are needed.
import type { Money } from '../api/model';
import * as format from './format';
import { texts as portuguese, type Texts } from './pt';

export type TextKey = keyof Texts;
export const LOCALES: format.Locale[] = ['pt-BR', 'en', 'es'];
const STORED = 'evcosta.language';

const loaders: Record<format.Locale, () => Promise<Texts>> = {
  'pt-BR': async () => portuguese,
  en: async () => (await import('./en')).texts,
  es: async () => (await import('./es')).texts,
};

function preferred(): format.Locale {
  const chosen = localStorage.getItem(STORED);
  for (const wish of [chosen, ...navigator.languages]) {
    const found = LOCALES.find((locale) => wish === locale || wish?.slice(0, 2) === locale.slice(0, 2));
    if (found) return found;
  }
  return 'pt-BR';
}

class Language {
  locale = $state<format.Locale>('pt-BR');
  #texts = $state.raw<Texts>(portuguese);

  async start(): Promise<void> {
    await this.use(preferred());
  }

  async choose(locale: format.Locale): Promise<void> {
    localStorage.setItem(STORED, locale);
    await this.use(locale);
  }

  private async use(locale: format.Locale): Promise<void> {
    this.#texts = await loaders[locale]();
    this.locale = locale;
    document.documentElement.lang = locale;
  }

  // `{name}` in a text is replaced by values.name.
  text(key: TextKey, values: Record<string, string | number> = {}): string {
    return this.#texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  // A text for a word of a contract's enumeration; the word itself when there is none yet.
  word(group: 'state' | 'status' | 'result' | 'action' | 'refund' | 'reason' | 'outcome' | 'payment' | 'fault' | 'faultIs', word: string): string {
    return (this.#texts as Record<string, string>)[`${group}.${word}`] ?? word;
  }

  money = (value: Money): string => format.money(this.locale, value);
  number = (value: number, digits = 0): string => format.number(this.locale, value, digits);
  percent = (share: number): string => format.percent(this.locale, share);
  moment = (time: string | number): string => format.moment(this.locale, time);
  clock = (time: string | number): string => format.clock(this.locale, time);
  duration = (microseconds: number): string => format.duration(this.locale, microseconds);
}

export const language = new Language();
export const t = (key: TextKey, values?: Record<string, string | number>): string => language.text(key, values);
