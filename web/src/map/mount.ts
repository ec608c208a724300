// A map that a page brings in when it is shown: loaded on its own, and taken away with the page.
import { api, read, type TileJson } from '../api/client';

export interface Mounted { ready: Promise<void>; destroy: () => void }

/** Where the tiles of a layer are; null if the store does not have it. */
export const tilesIfThere = (couche: string): Promise<TileJson | null> => read(api.GET('/tiles/{couche}.json', { params: { path: { couche } } })).catch(() => null);

/**
 * Makes a map and says when it is ready, or that this browser cannot. `make` gives how to make it once its parts are
 * there, which is not done if the page has gone meanwhile. What it gives back takes the map away: for `onMount`.
 */
export function mount<T extends Mounted>(make: () => Promise<() => T | null>, ready: (map: T) => void, failed: () => void): () => void {
  let alive = true;
  let made: T | null = null;
  void (async () => {
    try {
      const begin = await make();
      made = alive ? begin() : null;
      await made?.ready;
      if (alive && made) ready(made);
    } catch {
      failed();
    }
  })();
  return () => {
    alive = false;
    made?.destroy();
  };
}
