// The address that is open: where it lies, whether it is in a QPV of each generation, which residences stand near.
import { api, isAbort, messageOf, read, type Situation, type ZoneListee } from '../api/client';
import { nearest, type Address, type Near } from '../lib/address';
import { data } from './data.svelte';

/** Residences nearby: how far, and how many. */
const NEAR = { metres: 400, most: 6 };

class Found {
  situation = $state.raw<Situation | null>(null);
  residences = $state.raw<Near<ZoneListee>[] | null>(null);
  error = $state<string | null>(null);

  /** Asks for all that is known of an address; gives the way to abandon. */
  open({ lon, lat, quality }: Address): () => void {
    const abort = new AbortController();
    this.situation = this.residences = this.error = null;
    read(api.GET('/api/situation', { params: { query: { lon, lat, qualite: quality } }, signal: abort.signal }))
      .then((situation) => !abort.signal.aborted && (this.situation = situation))
      .catch((error: unknown) => {
        if (!isAbort(error) && !abort.signal.aborted) this.error = messageOf(error);
      });
    // Who may not see residences is told so by the catalogue, before asking.
    if (data.catalogue?.echelles.some((s) => s.id === 'residence' && s.parc && s.zones > 0)) {
      data.zones('residence')
        .then((zones) => !abort.signal.aborted && (this.residences = nearest(zones, [lon, lat], NEAR.metres, NEAR.most)))
        .catch(() => undefined);
    }
    return () => abort.abort();
  }
}

export const found = new Found();
export const NEAR_METRES = NEAR.metres;
