// The dossier of who uses this computer: kept in this browser, by account, until it is emptied or the account signs out.
import { DOSSIER_BASE, type Piece } from '../lib/dossier';
import { session } from '../session/session.svelte';

const PIECES = 'pieces';
/** A conference reads no more. */
export const MOST_PIECES = 40;

interface Kept { owner: string; title: string; pieces: Piece[] }

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

class Gathered {
  title = $state(TITLE);
  pieces = $state.raw<Piece[]>([]);
  ready = $state(false);
  error = $state<string | null>(null);
  /** The dossier before something was taken out of it: until it is put back, or changed again. */
  former = $state.raw<{ title: string; pieces: Piece[] } | null>(null);
  #loading: Promise<void> | null = null;

  load(): Promise<void> {
    return (this.#loading ??= this.#read());
  }

  async #read(): Promise<void> {
    try {
      // Whose it is comes first: a transaction that waits for something else is over.
      const mine = await owner();
      const kept = (await done((await store('readonly')).get(mine))) as Kept | undefined;
      this.title = kept?.title ?? TITLE;
      this.pieces = kept?.pieces ?? [];
    } catch (fault) {
      this.error = fault instanceof Error ? fault.message : null;
    }
    this.ready = true;
  }

  /** Adds a piece at the end; an error says why it was not kept. */
  async add(piece: Omit<Piece, 'id' | 'comment'>): Promise<void> {
    await this.load();
    if (this.pieces.length >= MOST_PIECES) throw new Error(`Un dossier a ${MOST_PIECES} pièces au plus : retirez-en sur la page « Dossier ».`);
    const before = this.pieces;
    this.former = null;
    this.pieces = [...before, { ...piece, id: crypto.randomUUID(), comment: '' }];
    try {
      await this.#write();
    } catch (fault) {
      this.pieces = before;
      throw fault;
    }
  }

  change(id: string, changes: Partial<Piece>): void {
    this.former = null;
    this.pieces = this.pieces.map((p) => (p.id === id ? { ...p, ...changes } : p));
    void this.#keep();
  }

  rename(title: string): void {
    this.former = null;
    this.title = title.trim() || TITLE;
    void this.#keep();
  }

  /** Puts a piece one place up (−1) or down (1). */
  move(id: string, by: -1 | 1): void {
    const at = this.pieces.findIndex((p) => p.id === id);
    const [one, other] = [this.pieces[at], this.pieces[at + by]];
    if (!one || !other) return;
    this.former = null;
    this.pieces = this.pieces.map((p) => (p === one ? other : p === other ? one : p));
    void this.#keep();
  }

  remove(id: string): void {
    this.former = { title: this.title, pieces: this.pieces };
    this.pieces = this.pieces.filter((p) => p.id !== id);
    void this.#keep();
  }

  empty(): void {
    this.former = { title: this.title, pieces: this.pieces };
    [this.title, this.pieces] = [TITLE, []];
    void this.#keep();
  }

  /** Puts back what was taken out last, with its comments and in its place. */
  bringBack(): void {
    if (!this.former) return;
    [this.title, this.pieces] = [this.former.title, this.former.pieces];
    this.former = null;
    void this.#keep();
  }

  async #keep(): Promise<void> {
    try {
      await this.#write();
      this.error = null;
    } catch (fault) {
      this.error = fault instanceof Error ? fault.message : null;
    }
  }

  async #write(): Promise<void> {
    const kept: Kept = { owner: await owner(), title: this.title, pieces: this.pieces };
    await done((await store('readwrite')).put(kept));
  }
}

const owner = async (): Promise<string> => {
  const me = await session.ready;
  return me?.connecte ? me.courriel : 'public';
};

export const gathered = new Gathered();

/** Whose rights the figures are read with, in words. */
export const reader = (): string => (session.me?.connecte ? [session.me.organisme, session.me.role_libelle].filter(Boolean).join(', ') : 'le public, sans compte');
