// The dossier of who uses this computer: kept in this browser, by account, until it is emptied or the account signs out.
import { DOSSIER_BASE, type Piece } from '../lib/dossier';
import { session } from '../session/session.svelte';

const PIECES = 'pieces';
/** A conference reads no more. */
export const MOST_PIECES = 40;

interface Contents { title: string; pieces: Piece[] }
interface Kept extends Contents { owner: string }

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('Ce navigateur refuse de garder le dossier : son espace est plein, ou il est réglé pour ne rien garder.'));
  });

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(DOSSIER_BASE, 1);
  opening.onupgradeneeded = () => void opening.result.createObjectStore(PIECES, { keyPath: 'owner' });
  const base = await done(opening);
  // Signing out forgets it: a page that is still open lets go.
  base.onversionchange = () => base.close();
  return base.transaction(PIECES, mode).objectStore(PIECES);
}

const TITLE = 'Dossier';
const reason = (fault: unknown): string | null => (fault instanceof Error ? fault.message : null);

class Gathered {
  title = $state(TITLE);
  pieces = $state.raw<Piece[]>([]);
  ready = $state(false);
  error = $state<string | null>(null);
  /** What was taken out last, and where it was: until it is put back, or something else is changed. */
  former = $state.raw<{ title: string; taken: { piece: Piece; at: number }[] } | null>(null);
  #loading: Promise<void> | null = null;
  /** Changes asked for: what is kept is shown after the last. */
  #asked = 0;
  /** Other windows of this browser, which have the same dossier. */
  readonly #others = new BroadcastChannel(DOSSIER_BASE);

  constructor() {
    this.#others.onmessage = () => {
      if (this.#loading) void this.#read();
    };
  }

  load(): Promise<void> {
    return (this.#loading ??= this.#read());
  }

  async #read(): Promise<void> {
    try {
      // Whose it is comes first: a transaction that waits for something else is over.
      const mine = await owner();
      this.#show((await done((await store('readonly')).get(mine))) as Kept | undefined);
    } catch (fault) {
      this.error = reason(fault);
    }
    this.ready = true;
  }

  /** Adds a piece at the end; an error says why it was not kept. */
  async add(piece: Omit<Piece, 'id' | 'comment'>): Promise<void> {
    await this.#change((now) => {
      if (now.pieces.length >= MOST_PIECES) throw new Error(`Un dossier a ${MOST_PIECES} pièces au plus : retirez-en sur la page « Dossier ».`);
      return { ...now, pieces: [...now.pieces, { ...piece, id: crypto.randomUUID(), comment: '' }] };
    });
  }

  change(id: string, changes: Partial<Piece>): void {
    this.#keep((now) => ({ ...now, pieces: now.pieces.map((p) => (p.id === id ? { ...p, ...changes } : p)) }));
  }

  rename(title: string): void {
    this.#keep((now) => ({ ...now, title: title.trim() || TITLE }));
  }

  /** Puts a piece one place up (−1) or down (1). */
  move(id: string, by: -1 | 1): void {
    this.#keep((now) => {
      const at = now.pieces.findIndex((p) => p.id === id);
      const [one, other] = [now.pieces[at], now.pieces[at + by]];
      return one && other ? { ...now, pieces: now.pieces.map((p) => (p === one ? other : p === other ? one : p)) } : now;
    });
  }

  remove(id: string): void {
    this.#take((p) => p.id === id);
  }

  empty(): void {
    this.#take(() => true);
  }

  /** Puts back what was taken out last, with its comments and in its place. */
  bringBack(): void {
    const { former } = this;
    if (!former) return;
    this.#keep((now) => {
      const pieces = [...now.pieces];
      for (const { piece, at } of former.taken) pieces.splice(at, 0, piece);
      return { title: now.title === TITLE ? former.title : now.title, pieces };
    });
  }

  #take(gone: (piece: Piece) => boolean): void {
    const former = { title: this.title, taken: this.pieces.flatMap((piece, at) => (gone(piece) ? [{ piece, at }] : [])) };
    const ids = new Set(former.taken.map(({ piece }) => piece.id));
    this.#keep((now) => {
      const pieces = now.pieces.filter((p) => !ids.has(p.id));
      return { title: pieces.length > 0 ? now.title : TITLE, pieces };
    }, former);
  }

  #keep(change: (now: Contents) => Contents, former: Gathered['former'] = null): void {
    // Shown at once; then as it is kept.
    this.#show(change({ title: this.title, pieces: this.pieces }), former);
    void this.#change(change, former).then(() => (this.error = null), (fault: unknown) => (this.error = reason(fault)));
  }

  /** Changes the dossier as it is kept, not as this window last saw it: another may have added to it. */
  async #change(change: (now: Contents) => Contents, former: Gathered['former'] = null): Promise<void> {
    const order = (this.#asked += 1);
    const mine = await owner();
    const kept = await store('readwrite');
    const now = (await done(kept.get(mine))) as Kept | undefined;
    const next = change({ title: now?.title ?? TITLE, pieces: now?.pieces ?? [] });
    await done(kept.put({ ...next, owner: mine } satisfies Kept));
    if (order === this.#asked) this.#show(next, former);
    this.#others.postMessage(null);
  }

  #show(contents: Contents | undefined, former: Gathered['former'] = null): void {
    this.former = former;
    this.title = contents?.title ?? TITLE;
    this.pieces = contents?.pieces ?? [];
  }
}

const owner = async (): Promise<string> => {
  const me = await session.ready;
  return me?.connecte ? me.courriel : 'public';
};

export const gathered = new Gathered();

/** Whose rights the figures are read with, in words. */
export const reader = (): string => (session.me?.connecte ? [session.me.organisme, session.me.role_libelle].filter(Boolean).join(', ') : 'le public, sans compte');
