// What the server knows: catalogue, indicators, lists of zones, and the values of the map.
import { api, isAbort, messageOf, read, type Catalogue, type Indicateur, type TileJson, type Valeurs, type ZoneListee } from '../api/client';
import { scaleForZoom } from '../lib/scales';
import { page, sharedQuery } from './page.svelte';

class Data {
  catalogue = $state.raw<Catalogue | null>(null);
  indicators = $state.raw<Indicateur[]>([]);
  /** Why the application can't start, in words for the user. */
  startError = $state<string | null>(null);
  values = $state.raw<Valeurs | null>(null);
  valuesError = $state<string | null>(null);
  loading = $state(false);
  zoom = $state(9);

  readonly #lists = new Map<string, Promise<ZoneListee[]>>();
  readonly #tilejsons = new Map<string, Promise<TileJson>>();

  indicator = $derived(this.indicators.find((i) => i.id === page.indicator) ?? null);
  scale = $derived.by(() => {
    // What the person's rights don't open isn't proposed.
    const households = this.indicator?.domaine === 'occupation';
    const scales = (this.catalogue?.echelles ?? []).filter((s) => (households ? s.occupation : s.parc));
    return scales.find((s) => s.id === page.scale && s.zones > 0) ?? scaleForZoom(scales, this.zoom) ?? null;
  });
  /** What the values at hand are about: behind the choice while the next ones are on their way. */
  shownIndicator = $derived(this.indicators.find((i) => i.id === this.values?.indicateur) ?? null);
  shownScale = $derived(this.catalogue?.echelles.find((s) => s.id === this.values?.echelle) ?? null);
  vintage = $derived.by(() => {
    const all = this.catalogue?.millesimes ?? [];
    return all.find((m) => m.vague === page.wave) ?? [...all].sort((a, b) => b.millesime - a.millesime)[0] ?? null;
  });

  /** Catalogue and indicators; fills what the address left open. */
  async start(): Promise<void> {
    this.startError = null;
    try {
      const [catalogue, indicators] = await Promise.all([read(api.GET('/api/catalogue')), read(api.GET('/api/indicateurs'))]);
      if (!indicators.some((i) => i.id === page.indicator)) {
        page.indicator = (indicators.find((i) => i.domaine === 'occupation') ?? indicators[0])?.id ?? null;
      }
      const known = new Set(catalogue.filtres.map((f) => f.id));
      page.filters = Object.fromEntries(Object.entries(page.filters).filter(([id]) => known.has(id)));
      this.indicators = indicators;
      this.catalogue = catalogue;
    } catch (error) {
      this.startError = messageOf(error);
    }
  }

  /** The zones of a scale, asked once. */
  zones(scale: string): Promise<ZoneListee[]> {
    return this.#once(this.#lists, scale, () => read(api.GET('/api/zones', { params: { query: { echelle: scale, limite: 100_000 } } })).then((answer) => answer.zones));
  }

  tilejson(layer: string): Promise<TileJson> {
    return this.#once(this.#tilejsons, layer, () => read(api.GET('/tiles/{couche}.json', { params: { path: { couche: layer } } })));
  }

  /** Asks for the values of the current indicator and scale; gives the way to abandon the request. */
  loadValues(): () => void {
    const indicator = page.indicator;
    const scale = this.scale?.id;
    if (!indicator || !scale) return () => {};
    const abort = new AbortController();
    // Indicators of the stock don't depend on households.
    const population = this.indicator?.domaine === 'parc' ? 'TOUS' : page.population;
    const query = { indicateur: indicator, ...sharedQuery(), population };
    this.loading = true;
    this.valuesError = null;
    read(api.GET('/api/valeurs/{echelle}', { params: { path: { echelle: scale }, query }, signal: abort.signal }))
      .then((values) => {
        this.values = values;
        this.loading = false;
      })
      .catch((error: unknown) => {
        if (isAbort(error) || abort.signal.aborted) return;
        this.values = null;
        this.valuesError = messageOf(error);
        this.loading = false;
      });
    return () => abort.abort();
  }

  labelOf(indicator: string): string {
    return this.indicators.find((i) => i.id === indicator)?.libelle ?? indicator;
  }

  scaleLabel(id: string | null | undefined): string {
    return this.catalogue?.echelles.find((s) => s.id === id)?.libelle ?? '';
  }

  #once<T>(cache: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
    let found = cache.get(key);
    if (!found) {
      found = ask();
      found.catch(() => cache.delete(key));
      cache.set(key, found);
    }
    return found;
  }
}

export const data = new Data();
