// Who looks at the console. Asked once at start, again every minute while the page is seen, and when a call says 401.
import { get, post, SIGNED_OUT } from './client';
import type { SignIn } from './model';

class SignInState {
  known = $state(false);
  now = $state.raw<SignIn>({ signedIn: false });
  away = $state(false); // the gateway does not answer

  #asking = false;

  constructor() {
    // Many calls end at once when a sign-in does; one question is enough.
    addEventListener(SIGNED_OUT, () => {
      if (this.#asking || !this.now.signedIn) return;
      this.#asking = true;
      void this.ask().finally(() => (this.#asking = false));
    });
  }

  async ask(): Promise<void> {
    try {
      this.now = await get<SignIn>('/session');
      this.away = false;
    } catch {
      this.away = true;
    }
    this.known = true;
  }

  may(scope: string): boolean {
    return this.now.scopes?.includes(scope) ?? false;
  }

  begin(): void {
    location.assign(`/session/login?returnTo=${encodeURIComponent(location.pathname + location.search)}`);
  }

  async end(): Promise<void> {
    await post('/session/logout');
    await this.ask();
  }
}

export const signIn = new SignInState();
