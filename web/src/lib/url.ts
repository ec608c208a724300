// The address of the page holds its whole state, so that a link shows the same map to a colleague.

import { readAddress, writeAddress, type Address } from './address';
import { CLASSES, METHODS, type Method, type OwnBreaks } from './breaks';
import type { Sort } from './sort';

export interface View {
  lon: number;
  lat: number;
  zoom: number;
}

export interface PageState {
  indicator: string | null;
  population: string;
  wave: number | null;
  generation: '2015' | '2024';
  /** Dwellings with the events since the register, not as filed on 1 January. */
  upToDate: boolean;
  /** `null`: the scale follows the zoom. */
  scale: string | null;
  /** Filter id → codes, never empty lists. */
  filters: Record<string, string[]>;
  zone: Place | null;
  table: boolean;
  /** Order of the table, and what is searched in it; `null`: by value, the largest first. */
  sort: Sort | null;
  search: string;
  view: View | null;
  /** Territory that the figures are limited to. */
  within: Place | null;
  /** Number of classes, and how they are cut. */
  classes: number;
  method: Method;
  /** Breaks that one typed, for the method `manuel`. */
  breaks: OwnBreaks | null;
  /** The values written on the map. */
  labels: boolean;
  /** Second indicator of a map of two; `null`: one alone. */
  cross: string | null;
  /** Circles or areas; `null`: circles for counts, areas for the rest. Point scales always have circles. */
  symbols: 'cercles' | 'aplats' | null;
  /** What the surface of circles counts. */
  size: 'logements' | 'repondants';
  /** Recent movers minus all households, in points. */
  gap: boolean;
  /** The other wave, and how it stands beside the first. */
  wave2: number | null;
  beside: boolean;
  typology: boolean;
  /** Second indicator of the scatter plot; `null`: no plot. */
  plot: string | null;
  /** A territory that the open sheet is compared with. */
  versus: Place | null;
  /** An address that is open. */
  address: Address | null;
}

export interface Place {
  scale: string;
  code: string;
}

export const DEFAULT_STATE: Readonly<PageState> = {
  indicator: null,
  population: 'TOUS',
  wave: null,
  generation: '2024',
  upToDate: false,
  scale: null,
  filters: {},
  zone: null,
  table: false,
  sort: null,
  search: '',
  view: null,
  within: null,
  classes: CLASSES.usual,
  method: 'quantiles',
  breaks: null,
  labels: false,
  cross: null,
  symbols: null,
  size: 'logements',
  gap: false,
  wave2: null,
  beside: false,
  typology: false,
  plot: null,
  versus: null,
  address: null,
};

const FILTER = 'f.';
/** Columns of the table. */
const COLUMNS = ['nom', 'code', 'valeur', 'avant', 'apres', 'repondants', 'logements', 'ecartes'];

/** Reads `location.search` and `location.hash`; what is wrong or missing takes its default. */
export function readUrl(search: string, hash: string): PageState {
  const query = new URLSearchParams(search);
  const filters: Record<string, string[]> = {};
  for (const [key, value] of query) {
    const codes = value.split(',').filter(Boolean);
    if (key.startsWith(FILTER) && codes.length > 0) filters[key.slice(FILTER.length)] = codes;
  }
  const classes = Number(query.get('classes'));
  const method = query.get('methode') ?? '';
  const population = query.get('population') ?? '';
  return {
    indicator: query.get('indicateur'),
    population: ['RECENTS', 'ANCIENS'].includes(population) ? population : 'TOUS',
    wave: readYear(query.get('vague')),
    generation: query.get('generation') === '2015' ? '2015' : '2024',
    upToDate: query.get('parc') === 'a_jour',
    scale: query.get('echelle'),
    filters,
    zone: readZone(query.get('zone')),
    table: query.get('vue') === 'tableau',
    sort: readSort(query.get('tri')),
    search: query.get('cherche') ?? '',
    view: readView(hash),
    within: readZone(query.get('dans')),
    classes: Number.isInteger(classes) && classes >= CLASSES.least && classes <= CLASSES.most ? classes : CLASSES.usual,
    method: Object.hasOwn(METHODS, method) && (method !== 'manuel' || readOwn(query.get('seuils'))) ? (method as Method) : 'quantiles',
    breaks: readOwn(query.get('seuils')),
    labels: query.get('etiquettes') === 'oui',
    cross: query.get('croise'),
    symbols: oneOf(query.get('symboles'), ['cercles', 'aplats']),
    size: query.get('taille') === 'repondants' ? 'repondants' : 'logements',
    gap: query.get('ecart') === 'recents',
    wave2: readYear(query.get('vague2')),
    beside: query.get('cote') === 'oui',
    typology: query.get('typologie') === 'oui',
    plot: query.get('nuage'),
    versus: readZone(query.get('avec')),
    address: readAddress(query.get('adresse')),
  };
}

/** The address of a state: `?…#zoom/lat/lon`; defaults are left out. */
export function writeUrl(state: PageState): string {
  const query = new URLSearchParams();
  if (state.indicator) query.set('indicateur', state.indicator);
  if (state.population !== 'TOUS') query.set('population', state.population);
  if (state.wave) query.set('vague', String(state.wave));
  if (state.generation !== '2024') query.set('generation', state.generation);
  if (state.upToDate) query.set('parc', 'a_jour');
  if (state.scale) query.set('echelle', state.scale);
  for (const key of Object.keys(state.filters).sort()) {
    const codes = state.filters[key] ?? [];
    if (codes.length > 0) query.set(FILTER + key, codes.join(','));
  }
  if (state.zone) query.set('zone', `${state.zone.scale}:${state.zone.code}`);
  if (state.table) query.set('vue', 'tableau');
  if (state.table && state.sort) query.set('tri', `${state.sort.descending ? '-' : ''}${state.sort.column}`);
  if (state.table && state.search.trim()) query.set('cherche', state.search.trim());
  if (state.within) query.set('dans', `${state.within.scale}:${state.within.code}`);
  if (state.classes !== CLASSES.usual) query.set('classes', String(state.classes));
  if (state.method !== 'quantiles') query.set('methode', state.method);
  if (state.method === 'manuel' && state.breaks) query.set('seuils', `${state.breaks.of}:${state.breaks.at.join(',')}`);
  if (state.labels) query.set('etiquettes', 'oui');
  if (state.cross) query.set('croise', state.cross);
  if (state.symbols) query.set('symboles', state.symbols);
  if (state.size !== 'logements') query.set('taille', state.size);
  if (state.gap) query.set('ecart', 'recents');
  if (state.wave2) query.set('vague2', String(state.wave2));
  if (state.beside) query.set('cote', 'oui');
  if (state.typology) query.set('typologie', 'oui');
  if (state.plot) query.set('nuage', state.plot);
  if (state.versus) query.set('avec', `${state.versus.scale}:${state.versus.code}`);
  if (state.address) query.set('adresse', writeAddress(state.address));
  const search = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  const view = state.view;
  const hash = view ? `#${view.zoom.toFixed(2)}/${view.lat.toFixed(5)}/${view.lon.toFixed(5)}` : '';
  return `${search ? `?${search}` : ''}${hash}`;
}

/** `I02:10,20.5`: the indicator and its breaks. */
function readOwn(text: string | null): OwnBreaks | null {
  const [of = '', list = ''] = text?.split(':') ?? [];
  const at = list.split(',').filter(Boolean).map(Number);
  return of && at.length > 0 && at.length < CLASSES.most && at.every(Number.isFinite) ? { of, at: [...new Set(at)].sort((a, b) => a - b) } : null;
}

/** `-code`: by code, the last first. */
function readSort(text: string | null): Sort | null {
  const column = text?.replace(/^-/, '') ?? '';
  return COLUMNS.includes(column) && text !== '-valeur' ? { column, descending: text?.startsWith('-') === true } : null;
}

const oneOf = <T extends string>(text: string | null, all: readonly T[]): T | null => all.find((each) => each === text) ?? null;

function readYear(text: string | null): number | null {
  const year = Number(text);
  return Number.isInteger(year) && year > 1990 ? year : null;
}

function readZone(text: string | null): Place | null {
  const cut = text?.indexOf(':') ?? -1;
  if (!text || cut < 1 || cut === text.length - 1) return null;
  return { scale: text.slice(0, cut), code: text.slice(cut + 1) };
}

function readView(hash: string): View | null {
  // Zones of a link may follow (`links.ts`).
  const [zoom, lat, lon] = (hash.replace(/^#/, '').split('&')[0] ?? '').split('/').map(Number);
  if (zoom === undefined || lat === undefined || lon === undefined) return null;
  const inside = zoom >= 0 && zoom <= 22 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return inside ? { zoom, lat, lon } : null;
}
