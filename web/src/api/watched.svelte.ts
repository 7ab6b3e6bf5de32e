// What a page shows of the platform: loaded now, loaded again in a rhythm while somebody looks, kept when a later try
// fails (the page says how old it is). One per page; close() when the page goes.
import { Failure } from './client';

export class Watched<T> {
  value = $state.raw<T | undefined>();
  failure = $state.raw<Failure | undefined>();
  loading = $state(true);
  heardAt = $state(0); // Date.now() of the last answer
  #gone = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  #load: (gone: AbortSignal) => Promise<T>;
  #everyMs: () => number | undefined;

  // `everyMs`: asked after each answer; undefined: not again.
  constructor(load: (gone: AbortSignal) => Promise<T>, everyMs: number | (() => number | undefined) | undefined = undefined) {
    this.#load = load;
    this.#everyMs = typeof everyMs === 'function' ? everyMs : () => everyMs;
    document.addEventListener('visibilitychange', this.#seen);
    void this.again();
  }

  #seen = (): void => {
    if (document.visibilityState === 'visible' && this.#everyMs()) void this.again();
  };

  async again(): Promise<void> {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const value = await this.#load(this.#gone.signal);
      if (turn !== this.#turn || this.#gone.signal.aborted) return;
      this.value = value;
      this.failure = undefined;
      this.heardAt = Date.now();
    } catch (error) {
      if (turn !== this.#turn || this.#gone.signal.aborted) return;
      this.failure = error instanceof Failure ? error : new Failure(0, 'internal', undefined, String(error));
    }
    this.loading = false;
    const wait = this.#everyMs();
    if (wait && document.visibilityState === 'visible') this.#timer = setTimeout(() => void this.again(), wait);
  }

  close(): void {
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#seen);
    this.#gone.abort();
  }
}
