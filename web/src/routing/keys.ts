// Keyboard: g and a letter goes to a page, / to the search box, j and k through a list, ? shows all of it. Never while
// somebody types, and never together with a modifier: those belong to the browser and to assistive technology.
import { PLACES } from './pages';
import { navigation } from './navigation.svelte';
import { href } from './route';

const CHORD_MS = 2_000;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row] a, a[data-row]')];
  if (rows.length === 0) return;
  const now = rows.findIndex((row) => row === document.activeElement);
  const next = now === -1 ? (by === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, now + by));
  rows[next]?.focus();
}

export interface KeyActions {
  search: () => void;
  help: () => void;
}

export function listenToKeys(actions: KeyActions): void {
  let chordAt = -CHORD_MS;
  document.addEventListener('keydown', (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) return;
    const place = event.timeStamp - chordAt < CHORD_MS ? PLACES.find((one) => one.key === event.key) : undefined;
    chordAt = -CHORD_MS;
    if (place) navigation.go(href(place.page));
    else if (event.key === 'g') chordAt = event.timeStamp;
    else if (event.key === '/') actions.search();
    else if (event.key === '?') actions.help();
    else if (event.key === 'j') step(1);
    else if (event.key === 'k') step(-1);
    else return;
    event.preventDefault();
  });
}
