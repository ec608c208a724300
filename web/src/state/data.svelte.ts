// What the server knows: catalogue, indicators, lists of zones, and the values of the map.
import { untrack } from 'svelte';
import { api, isAbort, messageOf, read, type Catalogue, type Facettes, type Indicateur, type TileJson, type Valeurs, type ZoneListee } from '../api/client';
import { isPointScale, scaleForZoom } from '../lib/scales';
import { difference, plain, typology, withDwellings, type Kind, type Shown } from '../lib/shown';
import type { ScaleSource } from '../map/carte';
import { page, sharedQuery } from './page.svelte';

/** Points that a map still takes at once, with their states (`scripts/panning.mjs` measures 68,000). */
const FEW_POINTS = 80_000;

/** Columns of the question, and of what it is compared with. */
interface Answer {
  values: Valeurs;
  other: Valeurs | null;
  kind: Kind;
  /** Both stand side by side: the map shows the first alone. */
  beside: boolean;
}

class Data {
  catalogue = $state.raw<Catalogue | null>(null);
  indicators = $state.raw<Indicateur[]>([]);
  /** Why the application can't start, in words for the user. */
  startError = $state<string | null>(null);
  answer = $state.raw<Answer | null>(null);
  /** What the address asked for and is not there: said once. */
  unknown = $state<string[]>([]);
  valuesError = $state<string | null>(null);
  loading = $state(false);
  zoom = $state(9);
  /** Dwellings by choice of filter, under the other filters. */
  facets = $state.raw<Facettes | null>(null);

  values = $derived(this.answer?.values ?? null);

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
  /** What the map, its legend and its table say. */
  shown = $derived.by((): Shown | null => {
    const [answer, sens] = [this.answer, this.shownIndicator?.sens ?? 'neutre'];
    if (!answer) return null;
    if (answer.kind === 'valeur' || answer.beside || !answer.other) return plain(answer.values, sens, page);
    if (answer.kind === 'typologie') return typology(answer.values, answer.other, sens);
    const [from, to] = answer.kind === 'ecart' || (answer.other.vague ?? 0) < (answer.values.vague ?? 0) ? [answer.other, answer.values] : [answer.values, answer.other];
    return difference(from, to, sens, answer.kind);
  });
  /** The other wave of two maps side by side, in the classes of the first. */
  shownBeside = $derived.by((): Shown | null => {
    const other = this.answer?.beside ? this.answer.other : null;
    if (!other || !this.shown) return null;
    return { ...plain(other, this.shownIndicator?.sens ?? 'neutre', page), bornes: this.shown.bornes, colors: this.shown.colors };
  });
  waves = $derived((this.catalogue?.millesimes ?? []).flatMap((m) => (m.vague ? [m.vague] : [])).sort((a, b) => a - b));
  /** What the scatter plot crosses the indicator with, until another is chosen: the next of its kind in another theme. */
  secondIndicator = $derived.by((): string | null => {
    const first = this.indicator;
    const like = this.indicators.filter((i) => i.id !== first?.id && i.unite === '%' && i.domaine === first?.domaine);
    return (like.find((i) => i.theme !== first?.theme) ?? like[0] ?? this.indicators.find((i) => i.id !== first?.id))?.id ?? null;
  });
  /** The wave of the question. */
  wave = $derived.by(() => page.wave ?? this.vintage?.vague ?? null);
  /** Whether another wave stands beside. */
  compares = $derived.by(() => this.kind === 'evolution' || this.kind === 'typologie');
  /** What the question is compared with, as far as it makes sense. */
  kind = $derived.by((): Kind => {
    if (page.wave2 && page.wave2 !== this.wave && this.waves.includes(page.wave2)) return page.typology && this.indicator && this.indicator.sens !== 'neutre' ? 'typologie' : 'evolution';
    return page.gap && this.indicator?.domaine === 'occupation' ? 'ecart' : 'valeur';
  });
  vintage = $derived.by(() => {
    const all = this.catalogue?.millesimes ?? [];
    return all.find((m) => m.vague === page.wave) ?? [...all].sort((a, b) => b.millesime - a.millesime)[0] ?? null;
  });

  /** What happened to the stock since the register that the question is about. */
  upToDate = $derived.by(() => {
    const events = this.catalogue?.a_jour;
    return events && events.millesime === this.vintage?.millesime ? events : null;
  });

  /** Catalogue and indicators; fills what the address left open. */
  async start(): Promise<void> {
    this.startError = null;
    try {
      const [catalogue, indicators] = await Promise.all([read(api.GET('/api/catalogue')), read(api.GET('/api/indicateurs'))]);
      const absent: string[] = [];
      if (!indicators.some((i) => i.id === page.indicator)) {
        if (page.indicator) absent.push(`l’indicateur « ${page.indicator} »`);
        page.indicator = (indicators.find((i) => i.domaine === 'occupation') ?? indicators[0])?.id ?? null;
      }
      if (page.plot && !indicators.some((i) => i.id === page.plot)) {
        absent.push(`l’indicateur « ${page.plot} »`);
        page.plot = null;
      }
      if (page.scale && !catalogue.echelles.some((s) => s.id === page.scale)) {
        absent.push(`l’échelle « ${page.scale} »`);
        page.scale = null;
      }
      if (page.wave && !catalogue.millesimes.some((m) => m.vague === page.wave)) {
        absent.push(`l’enquête ${page.wave}`);
        page.wave = null;
      }
      const known = new Set(catalogue.filtres.map((f) => f.id));
      absent.push(...Object.keys(page.filters).filter((id) => !known.has(id)).map((id) => `le filtre « ${id} »`));
      this.unknown = absent;
      page.filters = Object.fromEntries(Object.entries(page.filters).filter(([id]) => known.has(id)));
      this.indicators = indicators;
      this.catalogue = catalogue;
    } catch (error) {
      this.startError = messageOf(error);
    }
  }

  /** The zones of a scale, asked once for each state of the stock. */
  zones(scale: string): Promise<ZoneListee[]> {
    const parc = page.upToDate ? { parc: 'a_jour' } : {};
    return this.#once(this.#lists, `${scale}${page.upToDate ? ' à jour' : ''}`, () => read(api.GET('/api/zones', { params: { query: { echelle: scale, limite: 100_000, ...parc } } })).then((answer) => answer.zones));
  }

  /** Discs for areas when they are asked, and for points whenever a map takes them all at once: tiles of points begin closer. */
  async discs(scale: { id: string; zones: number }, shown: Shown | null): Promise<ScaleSource['discs']> {
    const wanted = this.#takesDiscs(scale, shown);
    const size = page.size;
    if (!wanted || shown?.echelle !== scale.id) return wanted ? { points: [], largest: 1 } : null;
    const at = new Map(shown.codes.map((code, i) => [code, i]));
    const zones = await this.zones(scale.id);
    const points = zones.flatMap((z) => (z.centre && (shown.logements[at.get(z.code) ?? -1] ?? 0) > 0 ? [{ code: z.code, logements: z.logements, secret: shown.secret[at.get(z.code) ?? -1] ?? false, centre: z.centre }] : []));
    return { points, largest: shown[size].reduce((most: number, n) => Math.max(most, n ?? 0), 1) };
  }

  /** What counts is the points that the person sees, once their values are there; before, all that there are. */
  #takesDiscs(scale: { id: string; zones: number }, shown: Shown | null): boolean {
    return isPointScale(scale.id) ? (shown?.echelle === scale.id ? shown.codes.length : scale.zones) <= FEW_POINTS : page.circles;
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
    const kind = this.kind;
    const beside = kind === 'evolution' && page.beside;
    const query = { indicateur: indicator, ...sharedQuery(), population: kind === 'ecart' ? 'RECENTS' : population, ...(page.within ? { dans: `${page.within.scale}:${page.within.code}` } : {}) };
    const ask = (more: object): Promise<Valeurs> => read(api.GET('/api/valeurs/{echelle}', { params: { path: { echelle: scale }, query: { ...query, ...more } }, signal: abort.signal }));
    const other = kind === 'valeur' ? Promise.resolve(null) : ask(kind === 'ecart' ? { population: 'TOUS' } : { vague: page.wave2 });
    this.loading = true;
    this.valuesError = null;
    // Where the discs stand is asked with their values, not after them.
    if (untrack(() => this.scale && this.#takesDiscs(this.scale, this.shown))) this.zones(scale).catch(() => {});
    Promise.all([ask({}), other])
      .then(([values, other]) => {
        const filtered = Object.keys(page.filters).length > 0;
        this.answer = { values: filtered ? withDwellings(values) : values, other: other && filtered ? withDwellings(other) : other, kind, beside };
        this.loading = false;
      })
      .catch((error: unknown) => {
        if (isAbort(error) || abort.signal.aborted) return;
        this.answer = null;
        this.valuesError = messageOf(error);
        this.loading = false;
      });
    return () => abort.abort();
  }

  /** Asks how many dwellings each choice of filter would keep; gives the way to abandon the request. */
  loadFacets(): () => void {
    const abort = new AbortController();
    const { population: _p, ...shared } = sharedQuery();
    const query = { ...shared, ...(page.within ? { dans: `${page.within.scale}:${page.within.code}` } : {}) };
    read(api.GET('/api/facettes', { params: { query }, signal: abort.signal }))
      .then((facets) => (this.facets = facets))
      // Counts that can't be had are left out; the filters work without.
      .catch((error: unknown) => !isAbort(error) && (this.facets = null));
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
