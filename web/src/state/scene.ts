// What the map of the page shows now, as data: an image or a paper draws it anew, whatever the screen shows of it.
import type { Feature } from 'geojson';
import { formatShown } from '../lib/format';
import { isPointScale } from '../lib/scales';
import type { Shown } from '../lib/shown';
import { statesOf } from '../lib/states';
import { middle, type Area } from '../lib/zones';
import type { Named } from '../map/carte';
import type { Scene } from '../map/picture';
import { data } from './data.svelte';
import { page, sharedQuery } from './page.svelte';
import { workshop } from './workshop.svelte';

/** Filters that tiles of points mind, as their address holds them. */
export function tileQuery(scale: string): string {
  if (!isPointScale(scale) || (!page.upToDate && Object.keys(page.filters).length === 0)) return '';
  const { population: _p, ...rest } = sharedQuery();
  return new URLSearchParams(Object.entries(rest).map(([k, v]) => [k, String(v)])).toString();
}

const named = (zones: readonly { nom: string; logements: number; centre?: number[] | null }[]): Named[] =>
  zones.flatMap((z) => (z.centre ? [{ nom: z.nom, logements: z.logements, centre: z.centre }] : []));

/** The values that are written on the map, with the names of communes where it shows them; `null`: none are asked for. */
export async function valuesOf(shown: Shown | null): Promise<Named[] | null> {
  if (!page.labels || !data.labelled || !shown) return null;
  const zones = new Map((await data.zones(shown.echelle).catch(() => [])).map((z) => [z.code, z]));
  return shown.codes.flatMap((code, i) => {
    const zone = zones.get(code);
    const { text, quiet } = formatShown(shown, i);
    const value = quiet ? (shown.secret[i] ? 'secret' : '') : text;
    const written = NAMED.has(shown.echelle) ? [zone?.nom, value].filter(Boolean).join('\n') : value;
    if (!zone?.centre || !written) return [];
    return [{ nom: written, logements: zone.logements, centre: zone.centre }];
  });
}
/** Scales whose names are written with their values: those whose names the map writes. */
const NAMED = new Set(['commune', 'arrondissement', 'epci', 'departement']);

/** `null` while there are no figures. */
export async function sceneOf(): Promise<Scene | null> {
  const [shown, scale] = [data.shown, data.shownScale];
  if (!shown || !scale) return null;
  const layer = `qpv${page.generation}`;
  const hasQpv = data.catalogue?.echelles.some((s) => s.id === layer && s.zones > 0);
  const [tilejson, discs, communes, places, qpv, values] = await Promise.all([
    data.tilejson(scale.couche), data.discs(scale, shown), data.tilejson('commune').catch(() => null), data.zones('commune').catch(() => []),
    hasQpv ? Promise.all([data.tilejson(layer), data.zones(layer)]).catch(() => null) : null,
    valuesOf(shown),
  ]);
  const shapes = workshop.zones.filter((z) => z.geometrie && z.id !== workshop.drawing);
  return {
    // Where communes carry their values, their names are written with them.
    communes, names: named(values && scale.id === 'commune' ? places.filter((z) => !shown.codes.includes(z.code)) : places), values: values ?? [],
    scale: { id: scale.couche, tilejson, query: tileQuery(scale.id), colors: shown.colors, discs },
    states: statesOf(shown, page.size),
    qpv: qpv && { layer, tilejson: qpv[0], names: named(qpv[1]) },
    zones: {
      features: shapes.map((z): Feature => ({ type: 'Feature', properties: { id: z.id }, geometry: z.geometrie as Area })),
      names: shapes.map((z) => ({ nom: z.nom, centre: middle(z.geometrie as Area) })),
    },
    selected: page.zone && page.zone.scale === scale.id ? page.zone.code : null,
  };
}
