// The present, second by second while the page is seen: ages on the screen grow by it.
class Present {
  now = $state(Date.now());

  constructor() {
    setInterval(() => {
      if (document.visibilityState === 'visible') this.now = Date.now();
    }, 1_000);
  }
}

export const present = new Present();
