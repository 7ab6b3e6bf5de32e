// Numbers, money and times as people read them, for one language. Pure: the present is passed in.
import type { Money } from '../api/model';

export type Locale = 'pt-BR' | 'en' | 'es';
const INTL: Record<Locale, string> = { 'pt-BR': 'pt-BR', en: 'en-GB', es: 'es' };

function cached<T>(make: (locale: Locale, key: string) => T): (locale: Locale, key?: string) => T {
  const made = new Map<string, T>();
  return (locale, key = '') => {
    const name = `${locale} ${key}`;
    let one = made.get(name);
    if (one === undefined) made.set(name, (one = make(locale, key)));
    return one;
  };
}

const moneyFormat = cached((locale, currency) => new Intl.NumberFormat(INTL[locale], { style: 'currency', currency }));
const numberFormat = cached(
  (locale, digits) => new Intl.NumberFormat(INTL[locale], { minimumFractionDigits: Number(digits), maximumFractionDigits: Number(digits) }),
);
const percentFormat = cached((locale) => new Intl.NumberFormat(INTL[locale], { style: 'percent', maximumFractionDigits: 1 }));
const dateTime = cached((locale) => new Intl.DateTimeFormat(INTL[locale], { dateStyle: 'short', timeStyle: 'medium' }));
const clockTime = cached((locale) => new Intl.DateTimeFormat(INTL[locale], { timeStyle: 'medium' }));

// Minor units are hundredths in every currency that the platform has.
export function money(locale: Locale, value: Money): string {
  return moneyFormat(locale, value.currency).format(value.amount / 100);
}

export function number(locale: Locale, value: number, digits = 0): string {
  return numberFormat(locale, String(digits)).format(value);
}

export function percent(locale: Locale, share: number): string {
  return percentFormat(locale).format(share);
}

export function moment(locale: Locale, time: string | number): string {
  return dateTime(locale).format(new Date(time));
}

export function clock(locale: Locale, time: string | number): string {
  return clockTime(locale).format(new Date(time));
}

// "3 s", "12 min", "5 h", "2 d": one unit, so that a column of ages reads at a glance.
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

// Of a span, from microseconds: three digits that matter.
export function duration(locale: Locale, microseconds: number): string {
  if (microseconds < 1_000) return `${number(locale, microseconds)} µs`;
  if (microseconds < 1_000_000) return `${number(locale, microseconds / 1_000, microseconds < 10_000 ? 2 : 1)} ms`;
  if (microseconds < 60_000_000) return `${number(locale, microseconds / 1_000_000, 2)} s`;
  return `${number(locale, microseconds / 60_000_000, 1)} min`;
}

// The end of an id is what differs: ids begin with their time.
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}
