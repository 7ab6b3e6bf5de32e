// Light or dark: as the machine says, unless the person chose.
const STORED = 'evcosta.scheme';
export type Choice = 'system' | 'light' | 'dark';

class Scheme {
  choice = $state<Choice>('system');
  #machine = matchMedia('(prefers-color-scheme: dark)');

  start(): void {
    const stored = localStorage.getItem(STORED);
    if (stored === 'light' || stored === 'dark') this.choice = stored;
    this.#machine.addEventListener('change', () => this.#show());
    this.#show();
  }

  get dark(): boolean {
    return this.choice === 'dark' || (this.choice === 'system' && this.#machine.matches);
  }

  next(): void {
    const order: Choice[] = ['system', 'light', 'dark'];
    this.choice = order[(order.indexOf(this.choice) + 1) % order.length] ?? 'system';
    if (this.choice === 'system') localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, this.choice);
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.scheme = this.dark ? 'dark' : 'light';
  }
}

export const scheme = new Scheme();
