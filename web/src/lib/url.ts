// The address of the page holds its whole state, so that a link shows the same map to a colleague.

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
  /** `null`: the scale follows the zoom. */
  scale: string | null;
  /** Filter id → codes, never empty lists. */
  filters: Record<string, string[]>;
  zone: { scale: string; code: string } | null;
  table: boolean;
  view: View | null;
}

export const DEFAULT_STATE: Readonly<PageState> = {
  indicator: null,
  population: 'TOUS',
  wave: null,
  generation: '2024',
  scale: null,
  filters: {},
  zone: null,
  table: false,
  view: null,
};

const FILTER = 'f.';

/** Reads `location.search` and `location.hash`; what is wrong or missing takes its default. */
export function readUrl(search: string, hash: string): PageState {
  const query = new URLSearchParams(search);
  const filters: Record<string, string[]> = {};
  for (const [key, value] of query) {
    const codes = value.split(',').filter(Boolean);
    if (key.startsWith(FILTER) && codes.length > 0) filters[key.slice(FILTER.length)] = codes;
  }
  const wave = Number(query.get('vague'));
  const population = query.get('population') ?? '';
  return {
    indicator: query.get('indicateur'),
    population: ['RECENTS', 'ANCIENS'].includes(population) ? population : 'TOUS',
    wave: Number.isInteger(wave) && wave > 1990 ? wave : null,
    generation: query.get('generation') === '2015' ? '2015' : '2024',
    scale: query.get('echelle'),
    filters,
    zone: readZone(query.get('zone')),
    table: query.get('vue') === 'tableau',
    view: readView(hash),
  };
}

/** The address of a state: `?…#zoom/lat/lon`; defaults are left out. */
export function writeUrl(state: PageState): string {
  const query = new URLSearchParams();
  if (state.indicator) query.set('indicateur', state.indicator);
  if (state.population !== 'TOUS') query.set('population', state.population);
  if (state.wave) query.set('vague', String(state.wave));
  if (state.generation !== '2024') query.set('generation', state.generation);
  if (state.scale) query.set('echelle', state.scale);
  for (const key of Object.keys(state.filters).sort()) {
    const codes = state.filters[key] ?? [];
    if (codes.length > 0) query.set(FILTER + key, codes.join(','));
  }
  if (state.zone) query.set('zone', `${state.zone.scale}:${state.zone.code}`);
  if (state.table) query.set('vue', 'tableau');
  const search = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  const view = state.view;
  const hash = view ? `#${view.zoom.toFixed(2)}/${view.lat.toFixed(5)}/${view.lon.toFixed(5)}` : '';
  return `${search ? `?${search}` : ''}${hash}`;
}

function readZone(text: string | null): PageState['zone'] {
  const cut = text?.indexOf(':') ?? -1;
  if (!text || cut < 1 || cut === text.length - 1) return null;
  return { scale: text.slice(0, cut), code: text.slice(cut + 1) };
}

function readView(hash: string): View | null {
  const [zoom, lat, lon] = hash.replace(/^#/, '').split('/').map(Number);
  if (zoom === undefined || lat === undefined || lon === undefined) return null;
  const inside = zoom >= 0 && zoom <= 22 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return inside ? { zoom, lat, lon } : null;
}
