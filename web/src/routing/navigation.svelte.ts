// Where the console is. Links are ordinary links: a plain click on one of ours changes the page without loading it.
import { routeOf } from './route';

function here() {
  return routeOf(location.pathname, location.search);
}

class Navigation {
  route = $state.raw(here());

  start(): void {
    addEventListener('popstate', () => (this.route = here()));
    document.addEventListener('click', (event) => {
      const link = (event.target as Element | null)?.closest('a');
      const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!link || !plain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
      if (!link.pathname.startsWith('/console/')) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    });
  }

  go(address: string): void {
    if (address !== location.pathname + location.search) history.pushState(null, '', address);
    this.route = here();
    scrollTo(0, 0);
  }

  // The filters of a page stand in its address; changing them is no new step back.
  filter(changes: Record<string, string | undefined>): void {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''));
    this.route = here();
  }
}

export const navigation = new Navigation();
