// What the server knows: catalogue, indicators, lists of zones, and the values of the map.
import { untrack } from 'svelte';
import { api, isAbort, messageOf, read, type Catalogue, type Facettes, type Indicateur, type TileJson, type Valeurs, type ZoneListee } from '../api/client';
import { formatNumber } from '../lib/format';
import { hasDistricts, isPointScale, scaleForZoom } from '../lib/scales';
import { perimeters } from '../lib/perimeters';
import { boxAround, toBox, type Box } from '../lib/frame';
import { mapLegend, type MapLegend } from '../lib/legend';
import { counted, crossing, difference, largestOf, plain, typology, withDwellings, type Kind, type Shown } from '../lib/shown';
import type { Place } from '../lib/url';
import type { ScaleSource } from '../map/carte';
import { session } from '../session/session.svelte';
import { page, sharedQuery } from './page.svelte';

/** Points that a map still takes at once, with their states (`scripts/panning.mjs` measures 68,000). */
const FEW_POINTS = 80_000;

/** Communes whose boxes are asked to frame the first view; of more (a country), the box of the addresses does. */
const FEW_COMMUNES = 3000;
/** Part of the zones that must have a figure for the automatic scale to stop there. */
const ENOUGH = 0.25;
/** Zones whose values are still written on the map. */
const MOST_LABELS = 5000;
/** Roles whose organisation is a territory, and the scale that its code is of. */
const HOMES: Record<string, string> = { epci: 'epci', commune: 'commune', ddets: 'departement' };

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
  /** The loaded territory, in words. */
  territory = $state('');
  /** Where the map begins: the territory that the figures are limited to, else all of it. */
  frame = $state.raw<Box>([-5, 41, 10, 51.5]);
  /** Scales that have next to no figure for a question: the automatic one passes them by. */
  #barren = $state.raw<ReadonlySet<string>>(new Set());

  values = $derived(this.answer?.values ?? null);

  readonly #lists = new Map<string, Promise<ZoneListee[]>>();
  readonly #tilejsons = new Map<string, Promise<TileJson>>();

  indicator = $derived(this.indicators.find((i) => i.id === page.indicator) ?? null);
  /** Scales of the map that the person's rights open for the indicator. */
  scales = $derived.by(() => {
    const households = this.indicator?.domaine === 'occupation';
    return (this.catalogue?.echelles ?? []).filter((s) => (households ? s.occupation : s.parc));
  });
  scale = $derived.by(() => {
    const chosen = this.scales.find((s) => s.id === page.scale && s.zones > 0);
    if (chosen) return chosen;
    const fertile = this.scales.filter((s) => !this.#barren.has(this.#question(s.id)));
    return scaleForZoom(fertile, this.zoom, page.within) ?? scaleForZoom(this.scales, this.zoom, page.within) ?? null;
  });
  /** The finer scale that the zoom asked for, where it has next to no figure. */
  tooFine = $derived.by(() => {
    const wanted = page.scale ? null : scaleForZoom(this.scales, this.zoom, page.within);
    return wanted && wanted.id !== this.scale?.id ? wanted : null;
  });
  /** What the values at hand are about: behind the choice while the next ones are on their way. */
  shownIndicator = $derived(this.indicators.find((i) => i.id === this.values?.indicateur) ?? null);
  shownScale = $derived(this.catalogue?.echelles.find((s) => s.id === this.values?.echelle) ?? null);
  /** What the map, its legend and its table say. */
  shown = $derived.by((): Shown | null => {
    const [answer, sens] = [this.answer, this.shownIndicator?.sens ?? 'neutre'];
    if (!answer) return null;
    if (answer.kind === 'valeur' || answer.beside || !answer.other) {
      const symbols = isPointScale(answer.values.echelle) ? 'cercles' : (page.symbols ?? 'cercles');
      return isCount(this.shownIndicator) && symbols === 'cercles' ? counted(answer.values) : plain(answer.values, sens, page);
    }
    if (answer.kind === 'croisement') return crossing(answer.values, answer.other, [this.labelOf(answer.values.indicateur), this.labelOf(answer.other.indicateur)]);
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
  /** Of two waves side by side, the zones that are shown and whose perimeter changed between them, in words. */
  perimeters = $derived.by(() => {
    const { values, other } = this.answer ?? {};
    if (!this.shown || values?.vague == null || other?.vague == null) return [];
    return perimeters(this.catalogue, this.shown.echelle, this.shown.codes, [values.vague, other.vague]);
  });
  /** Whether the areas of the shown scale carry circles. */
  circles = $derived.by(() => {
    const asked = page.symbols ?? (this.kind === 'valeur' && isCount(this.indicator) ? 'cercles' : 'aplats');
    return asked === 'cercles';
  });
  /** Whether the values can be written on the map: values, not classes, and of no more zones than one could read. */
  labelled = $derived.by(() => this.shown !== null && !this.shown.labels && this.shown.codes.length <= MOST_LABELS);
  /** Where the figures are, in words. */
  place = $derived(page.within ? (this.values?.reference.nom ?? '') : this.territory);
  /** What the colours mean, as the page, the image and the paper draw it. */
  legend = $derived.by((): MapLegend | null => {
    const { shown, shownIndicator: indicator, shownScale: scale } = this;
    if (!shown || !indicator || !scale) return null;
    return mapLegend({
      shown, indicator, scale, place: this.place, size: page.size, circles: this.circles, population: page.population, generation: page.generation,
      limited: page.within !== null, filtered: Object.keys(page.filters).length > 0, source: page.upToDate ? (this.values?.source ?? '') : '',
      years: [this.answer?.values.vague, this.answer?.other?.vague].flatMap((y) => (y == null ? [] : [y])).sort(),
      qpv: this.catalogue?.echelles.some((s) => s.id === `qpv${page.generation}` && s.zones > 0) ?? false,
    });
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
    if (page.cross && page.cross !== page.indicator && this.indicators.some((i) => i.id === page.cross)) return 'croisement';
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

  /** Catalogue and indicators; fills what the address left open. `home`: an account begins on its own territory. */
  async start(home = false): Promise<void> {
    this.startError = null;
    try {
      const own = home && !page.view && !page.zone && !page.within ? this.#home() : Promise.resolve(null);
      const [catalogue, indicators] = await Promise.all([read(api.GET('/api/catalogue')), read(api.GET('/api/indicateurs'))]);
      const [mine, territory] = await Promise.all([own, this.#nameOf(catalogue)]);
      this.territory = territory;
      // Of a store that holds one such zone alone, the territory is all there is.
      if (mine && (catalogue.echelles.find((s) => s.id === mine.within.scale)?.zones ?? 0) > 1) page.within = mine.within;
      page.zone = mine?.zone ?? page.zone;
      this.frame = (await this.#frameOf(catalogue)) ?? this.frame;
      const absent: string[] = [];
      if (!indicators.some((i) => i.id === page.indicator)) {
        if (page.indicator) absent.push(`l’indicateur « ${page.indicator} »`);
        page.indicator = (indicators.find((i) => i.domaine === 'occupation') ?? indicators[0])?.id ?? null;
      }
      if (page.plot && !indicators.some((i) => i.id === page.plot)) {
        absent.push(`l’indicateur « ${page.plot} »`);
        page.plot = null;
      }
      if (page.cross && !indicators.some((i) => i.id === page.cross)) {
        absent.push(`l’indicateur « ${page.cross} »`);
        page.cross = null;
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

  /**
   * The territory of the person's organisation, if it is one and is loaded. A commune alone would compare nothing: it is shown among those of its
   * EPCI, with its own sheet; but for one whose arrondissements are compared.
   */
  async #home(): Promise<{ within: Place; zone?: Place } | null> {
    const me = await session.ready;
    const scale = me?.connecte && !me.doit_changer ? HOMES[me.role] : undefined;
    if (!scale) return null;
    const mine = await read(api.GET('/api/organisation')).catch(() => null);
    const found = mine?.code ? (await this.zones(scale).catch(() => [])).find((z) => z.code === mine.code) : undefined;
    if (!found) return null;
    const zone = { scale, code: found.code };
    return scale === 'commune' && found.epci && !hasDistricts(found.code) ? { within: { scale: 'epci', code: found.epci }, zone } : { within: zone };
  }

  /** The smallest usual scale with one zone names the territory; else the number of communes does. */
  async #nameOf(catalogue: Catalogue): Promise<string> {
    const zones = (id: string): number => catalogue.echelles.find((s) => s.id === id)?.zones ?? 0;
    for (const scale of ['commune', 'epci', 'departement']) {
      if (zones(scale) !== 1) continue;
      const [zone] = await this.zones(scale).catch(() => []);
      if (zone) return zone.nom;
    }
    return zones('commune') > 0 ? `${formatNumber(zones('commune'))} communes` : '';
  }

  /** The box of what the figures are about now. */
  async extent(): Promise<Box> {
    return (this.catalogue && (await this.#frameOf(this.catalogue))) ?? this.frame;
  }

  /** The box of the territory that the figures are limited to, else of all of it. */
  async #frameOf(catalogue: Catalogue): Promise<Box | null> {
    const { within } = page;
    const zone = within ? (await this.zones(within.scale).catch(() => [])).find((z) => z.code === within.code) : undefined;
    if (zone?.emprise) return toBox(zone.emprise);
    // Whole communes rather than their addresses: nothing is cut at the edge.
    const communes = (catalogue.echelles.find((s) => s.id === 'commune')?.zones ?? 0) <= FEW_COMMUNES ? await this.zones('commune').catch(() => []) : [];
    const boxes = communes.flatMap((z) => [toBox(z.emprise)]).filter((box) => box !== null);
    return boxAround(boxes) ?? toBox(catalogue.emprise);
  }

  /** The zones of a scale, asked once for each wave and each state of the stock: their dwellings are those of its register. */
  zones(scale: string): Promise<ZoneListee[]> {
    const stock = { ...(page.wave ? { vague: page.wave } : {}), ...(page.upToDate ? { parc: 'a_jour' } : {}) };
    return this.#once(this.#lists, [scale, ...Object.values(stock)].join(' '), () => read(api.GET('/api/zones', { params: { query: { echelle: scale, limite: 100_000, ...stock } } })).then((answer) => answer.zones));
  }

  /** Discs for areas when they are asked, and for points whenever a map takes them all at once: tiles of points begin closer. */
  async discs(scale: { id: string; zones: number }, shown: Shown | null): Promise<ScaleSource['discs']> {
    const wanted = this.#takesDiscs(scale, shown);
    const size = page.size;
    if (!wanted || shown?.echelle !== scale.id) return wanted ? { points: [], largest: 1 } : null;
    const at = new Map(shown.codes.map((code, i) => [code, i]));
    const zones = await this.zones(scale.id);
    const points = zones.flatMap((z) => (z.centre && (shown.logements[at.get(z.code) ?? -1] ?? 0) > 0 ? [{ code: z.code, logements: z.logements, secret: shown.secret[at.get(z.code) ?? -1] ?? false, centre: z.centre }] : []));
    return { points, largest: largestOf(shown, size) };
  }

  /** What counts is the points that the person sees, once their values are there; before, all that there are. */
  #takesDiscs(scale: { id: string; zones: number }, shown: Shown | null): boolean {
    return isPointScale(scale.id) ? (shown?.echelle === scale.id ? shown.codes.length : scale.zones) <= FEW_POINTS : this.circles;
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
    const crossed = this.indicators.find((i) => i.id === page.cross);
    const second = kind === 'croisement' && crossed ? { indicateur: crossed.id, population: crossed.domaine === 'parc' ? 'TOUS' : page.population } : null;
    // What joins no survey (the stock up to date) stands beside another year all the same: it is that of the wave that was asked.
    const ofYear = (asked: { vague?: number | null }) => (answer: Valeurs): Valeurs => (answer.vague == null && kind === 'evolution' ? { ...answer, vague: asked.vague ?? this.wave } : answer);
    const ask = (more: { vague?: number | null; indicateur?: string; population?: string }): Promise<Valeurs> =>
      read(api.GET('/api/valeurs/{echelle}', { params: { path: { echelle: scale }, query: { ...query, ...more } as typeof query }, signal: abort.signal })).then(ofYear(more));
    const other = kind === 'valeur' ? Promise.resolve(null) : ask(second ?? (kind === 'ecart' ? { population: 'TOUS' } : { vague: page.wave2 }));
    this.loading = true;
    this.valuesError = null;
    // Where the discs stand is asked with their values, not after them.
    if (untrack(() => this.scale && this.#takesDiscs(this.scale, this.shown))) this.zones(scale).catch(() => {});
    Promise.all([ask({}), other])
      .then(([values, other]) => {
        const filtered = Object.keys(page.filters).length > 0;
        if (!page.scale) this.#sift(values);
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

  /** Notes that a scale has next to no figure for the question: the automatic scale then takes a wider one. */
  #sift(values: Valeurs): void {
    const known = values.valeurs.filter((v) => v !== null).length;
    if (values.codes.length === 0 || known >= ENOUGH * values.codes.length) return;
    this.#barren = new Set([...this.#barren, this.#question(values.echelle)]);
  }

  #question(scale: string): string {
    return JSON.stringify([scale, page.indicator, page.population, page.wave, page.generation, page.filters, page.within, page.gap, page.upToDate]);
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

/** A number of things, not a mean nor a share. */
const isCount = (indicator: Indicateur | null): boolean => indicator?.unite === 'nombre' && indicator.denominateur == null;

export const data = new Data();
