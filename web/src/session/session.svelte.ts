// Who uses the page. Asked once when the page opens, and again when the answers look like those of a session that ended;
// what a role sees is decided by the server.
import { DOSSIER_BASE } from '../lib/dossier';
import { api, keepCsrf, onRefusal, read, type Session as Me } from '../api/client';

/** Kept on this computer from signing in to signing out: without it, an ended session looks like lost rights. */
const STORE = 'mosaique.connecte';
function remembered(): boolean {
  try {
    return localStorage.getItem(STORE) !== null;
  } catch {
    return false;
  }
}
function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(STORE, 'oui');
    else localStorage.removeItem(STORE);
  } catch {
    // Storage refused: the end of a session is then only told where an account is needed.
  }
}
/** Between two questions whether the session still lives, in milliseconds. */
const LEAST = 20_000;

class Session {
  me = $state.raw<Me | null>(null);
  /** The session ended, by time or elsewhere, and nobody signed out here. */
  expired = $state(false);
  /** Settles once it is known who uses the page. */
  ready: Promise<Me | null> = Promise.resolve(null);
  #asked = 0;

  load(): Promise<Me | null> {
    this.#asked = Date.now();
    const asked = read(api.GET('/api/session')).then((me) => this.#take(me));
    keepCsrf(asked.then((me) => me.csrf ?? null));
    // Without an answer the page is that of the public; what it then asks tells what is wrong.
    return (this.ready = asked.catch(() => null));
  }

  /** Looks whether the session still lives: after a refusal, or when one comes back to the page. */
  async check(): Promise<void> {
    if (!this.me?.csrf || this.expired || Date.now() - this.#asked < LEAST) return;
    this.#asked = Date.now();
    const now = await read(api.GET('/api/session')).catch(() => null);
    if (now && !now.connecte) this.expired = true;
  }

  async signIn(courriel: string, mot_de_passe: string): Promise<Me> {
    const me = await read(api.POST('/api/session', { body: { courriel, mot_de_passe } }));
    keepCsrf(Promise.resolve(me.csrf ?? null));
    return this.#take(me);
  }

  async changePassword(actuel: string, nouveau: string): Promise<Me | null> {
    await read(api.PUT('/api/session/mot-de-passe', { body: { actuel, nouveau } }));
    return this.load();
  }

  async signOut(): Promise<void> {
    await read(api.DELETE('/api/session'));
    remember(false);
    // What was gathered with the account's rights does not stay for who comes next to this computer.
    globalThis.indexedDB?.deleteDatabase(DOSSIER_BASE);
    location.assign('/');
  }

  /** Goes on as the public: the ended session is not told again. */
  forget(): void {
    remember(false);
    location.reload();
  }

  /** Signing in answers a session that ended. */
  #take(me: Me): Me {
    if (me.connecte) {
      this.expired = false;
      // A token has no session to lose.
      if (me.csrf) remember(true);
    } else if (remembered()) this.expired = true;
    return (this.me = me);
  }
}

export const session = new Session();
onRefusal(() => void session.check());
globalThis.addEventListener?.('focus', () => void session.check());

/** Where one signs in, to come back here; told when it is because the session ended. */
export function signInAddress(): string {
  const here = location.pathname === '/connexion' ? pathAfter(location.search) : location.pathname + location.search + location.hash;
  return `/connexion?retour=${encodeURIComponent(here)}${session.expired ? '&expiree' : ''}`;
}

/** Where to go after signing in: a path of this site, never another one. */
export function pathAfter(search: string): string {
  const asked = new URLSearchParams(search).get('retour') ?? '/';
  return /^\/(?![/\\])/.test(asked) && !asked.startsWith('/connexion') ? asked : '/';
}
