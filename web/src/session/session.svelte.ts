// Who uses the page. Asked once when the page opens; what a role sees is decided by the server.
import { api, keepCsrf, read, type Session as Me } from '../api/client';

class Session {
  me = $state.raw<Me | null>(null);
  /** Settles once it is known who uses the page. */
  ready: Promise<Me | null> = Promise.resolve(null);

  load(): Promise<Me | null> {
    const asked = read(api.GET('/api/session')).then((me) => (this.me = me));
    keepCsrf(asked.then((me) => me.csrf ?? null));
    // Without an answer the page is that of the public; what it then asks tells what is wrong.
    return (this.ready = asked.catch(() => null));
  }

  async signIn(courriel: string, mot_de_passe: string): Promise<Me> {
    const me = await read(api.POST('/api/session', { body: { courriel, mot_de_passe } }));
    keepCsrf(Promise.resolve(me.csrf ?? null));
    return (this.me = me);
  }

  async changePassword(actuel: string, nouveau: string): Promise<Me | null> {
    await read(api.PUT('/api/session/mot-de-passe', { body: { actuel, nouveau } }));
    return this.load();
  }

  async signOut(): Promise<void> {
    await read(api.DELETE('/api/session'));
    location.assign('/');
  }
}

export const session = new Session();

/** Where to go after signing in: a path of this site, never another one. */
export function pathAfter(search: string): string {
  const asked = new URLSearchParams(search).get('retour') ?? '/';
  return /^\/(?![/\\])/.test(asked) && !asked.startsWith('/connexion') ? asked : '/';
}
