// Where views are kept: with the account on the server, or in this browser for who has none.
import { api, read } from '../api/client';
import { readViews, storeOf, withView, type KeptView } from './views';

export interface Keeper {
  list: () => Promise<KeptView[]>;
  /** Keeps a view; one of the same name is replaced. */
  put: (view: KeptView) => Promise<void>;
  drop: (nom: string) => Promise<void>;
}

export const serverViews: Keeper = {
  list: () => read(api.GET('/api/vues')),
  put: async (body) => void (await read(api.PUT('/api/vues', { body }))),
  drop: async (nom) => void (await read(api.DELETE('/api/vues', { params: { query: { nom } } }))),
};

/** A browser that refuses storage has none, and keeps none: writing to it fails. */
export function browserViews(): Keeper {
  const store = storeOf(null);
  const list = (): KeptView[] => readViews(localStorage.getItem(store));
  const write = (views: KeptView[]): void => localStorage.setItem(store, JSON.stringify(views));
  return {
    list: async () => list(),
    put: async (view) => write(withView(list(), view).views),
    drop: async (nom) => write(list().filter((v) => v.nom !== nom)),
  };
}

/** Gives the account what this browser kept for it; what the account has under the same name stays. */
export async function moved(courriel: string): Promise<void> {
  const store = storeOf(courriel);
  const here = readViews(readText(store));
  if (here.length === 0) return;
  const there = new Set((await serverViews.list()).map((v) => v.nom));
  // The last kept is the first of the list: it goes last.
  for (const view of here.filter((v) => !there.has(v.nom)).reverse()) await serverViews.put(view);
  localStorage.removeItem(store);
}

function readText(store: string): string | null {
  try {
    return localStorage.getItem(store);
  } catch {
    return null;
  }
}
