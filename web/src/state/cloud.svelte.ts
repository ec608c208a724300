// The scatter plot: a second indicator for the zones of the map, and what is brushed, pointed at or picked in either.
import { api, isAbort, messageOf, read, type Valeurs } from '../api/client';
import { data } from './data.svelte';
import { page, sharedQuery } from './page.svelte';

export interface Dot {
  code: string;
  nom: string;
  x: number;
  y: number;
  logements: number;
  color: string;
}

class Cloud {
  second = $state.raw<Valeurs | null>(null);
  error = $state<string | null>(null);
  brushed = $state.raw<ReadonlySet<string> | null>(null);
  hovered = $state<string | null>(null);
  picked = $state<string | null>(null);
  indicator = $derived(data.indicators.find((i) => i.id === page.plot) ?? null);

  clear(): void {
    this.brushed = null;
    this.hovered = this.picked = null;
  }

  /** Asks for the second indicator of the scale that is shown; gives the way to abandon the request. */
  load(): () => void {
    const scale = data.shownScale?.id;
    const indicator = this.indicator;
    if (!scale || !indicator) return () => {};
    const abort = new AbortController();
    const query = { indicateur: indicator.id, ...sharedQuery(), ...(indicator.domaine === 'parc' ? { population: 'TOUS' } : {}), ...(page.within ? { dans: `${page.within.scale}:${page.within.code}` } : {}) };
    this.error = null;
    read(api.GET('/api/valeurs/{echelle}', { params: { path: { echelle: scale }, query }, signal: abort.signal }))
      .then((values) => (this.second = values))
      .catch((error: unknown) => {
        if (isAbort(error) || abort.signal.aborted) return;
        this.second = null;
        this.error = messageOf(error);
      });
    return () => abort.abort();
  }
}

export const cloud = new Cloud();
