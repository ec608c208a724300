// The maps of a portrait: where its dwellings are, and how its households live, each at the finest scale that has figures.
import type { Feature } from 'geojson';
import { api, read, type Indicateur, type TileJson, type Valeurs, type ZoneListee } from '../../api/client';
import { aspectOf, boxAround, toBox, wider, type Box } from '../../lib/frame';
import { mapLegend, type MapLegend } from '../../lib/legend';
import { isPointScale } from '../../lib/scales';
import { counted, largestOf, plain } from '../../lib/shown';
import { statesOf } from '../../lib/states';
import { middle, type Area } from '../../lib/zones';
import type { Named } from '../../map/carte';
import { picture, type Picture, type Scene } from '../../map/picture';
import type { Portrait, Subject } from './load';

export interface PortraitMap {
  legend: MapLegend;
  picture: Picture;
}

/** Part of the zones that must have a figure. */
const ENOUGH = 0.25;
/** CSS pixels of a map: twice as many are drawn, some 300 an inch on paper. */
const WIDTH = 480;
const SHAPES = { least: 0.72, most: 1 };
/** Degrees around a point: some hundred metres on each side. */
const AROUND = 0.012;

/** Scales of the maps of dwellings and of households, the finest first. */
const SCALES: Record<string, { dwellings: string[]; households: string[] }> = {
  departement: { dwellings: ['commune'], households: ['commune', 'epci'] },
  epci: { dwellings: ['commune'], households: ['iris', 'commune'] },
  commune: { dwellings: ['residence', 'iris'], households: ['iris', 'residence'] },
  arrondissement: { dwellings: ['residence', 'iris'], households: ['iris', 'residence'] },
};
const CLOSE = { dwellings: ['residence', 'adresse'], households: ['residence', 'iris'] };

interface Around {
  /** `dans` of the values; none: all that is loaded. */
  within: string | null;
  box: Box;
  place: string;
}

type Stock = { vague?: number; parc?: string };
const tiles = (couche: string): Promise<TileJson> => read(api.GET('/tiles/{couche}.json', { params: { path: { couche } } }));
const lists = new Map<string, Promise<ZoneListee[]>>();
function zonesOf(echelle: string): Promise<ZoneListee[]> {
  const known = lists.get(echelle) ?? read(api.GET('/api/zones', { params: { query: { echelle, limite: 100_000 } } })).then((a) => a.zones);
  lists.set(echelle, known);
  return known;
}

/** Two maps at most; one that would show next to nothing is left out. */
export async function mapsOf(subject: Subject, portrait: Portrait, stock: Stock): Promise<PortraitMap[]> {
  const around = await aroundOf(subject, portrait);
  if (!around) return [];
  const scales = ('scale' in subject ? SCALES[subject.scale] : undefined) ?? CLOSE;
  const made: PortraitMap[] = [];
  // One after the other: each takes a drawing surface of the graphics card.
  for (const [id, candidates] of [['P01', scales.dwellings], ['I02', scales.households]] as const) {
    const indicator = portrait.indicators.find((i) => i.id === id);
    const found = indicator ? await valuesOf(indicator, candidates, around, portrait, stock) : null;
    const map = indicator && found ? await mapOf(subject, portrait, indicator, found, around).catch(() => null) : null;
    if (map) made.push(map);
  }
  return made;
}

async function aroundOf(subject: Subject, portrait: Portrait): Promise<Around | null> {
  const place = portrait.whole.zone.nom;
  if ('scale' in subject) {
    const zone = (await zonesOf(subject.scale)).find((z) => z.code === subject.code);
    const at = zone?.centre ?? [];
    const box = toBox(zone?.emprise) ?? toBox([...at, ...at]);
    if (!box) return null;
    const wide = subject.scale in SCALES;
    const commune = portrait.parents.find((p) => p.place.scale === 'commune')?.place;
    // A residence or an address is shown among its neighbours.
    if (isPointScale(subject.scale)) return { within: commune ? `commune:${commune.code}` : null, box: wider(box, 0, AROUND), place: commune?.nom ?? place };
    return { within: `${subject.scale}:${subject.code}`, box: wide ? box : wider(box, 0.08, AROUND / 3), place };
  }
  const first = portrait.parents[0]?.place;
  const box = subject.geometrie ? boxOf(subject.geometrie) : await boxOfCodes(subject.codes ?? []);
  return box && { within: first ? `${first.scale}:${first.code}` : null, box: wider(box, 0.15, AROUND / 3), place };
}

function boxOf(area: Area): Box | null {
  const points = (area.type === 'Polygon' ? area.coordinates : area.coordinates.flat()).flat();
  return boxAround(points.map(([x = 0, y = 0]) => [x, y, x, y] as const));
}

async function boxOfCodes(codes: readonly { echelle: string; code: string }[]): Promise<Box | null> {
  const boxes = await Promise.all(codes.map(async ({ echelle, code }) => {
    const zone = (await zonesOf(echelle)).find((z) => z.code === code);
    return toBox(zone?.emprise) ?? toBox([...(zone?.centre ?? []), ...(zone?.centre ?? [])]);
  }));
  return boxAround(boxes.filter((b) => b !== null));
}

/** The values of the finest scale that has some. */
async function valuesOf(indicator: Indicateur, candidates: readonly string[], around: Around, { catalogue }: Portrait, stock: Stock): Promise<Valeurs | null> {
  for (const echelle of candidates) {
    const scale = catalogue.echelles.find((s) => s.id === echelle && s.zones > 0);
    if (!scale || !(indicator.domaine === 'parc' ? scale.parc : scale.occupation)) continue;
    const query = { indicateur: indicator.id, ...stock, ...(around.within ? { dans: around.within } : {}) };
    const values = await read(api.GET('/api/valeurs/{echelle}', { params: { path: { echelle }, query } })).catch(() => null);
    const known = values?.valeurs.filter((v) => v !== null).length ?? 0;
    if (values && known > 0 && known >= ENOUGH * values.codes.length) return values;
  }
  return null;
}

async function mapOf(subject: Subject, { catalogue }: Portrait, indicator: Indicateur, values: Valeurs, around: Around): Promise<PortraitMap> {
  const scale = catalogue.echelles.find((s) => s.id === values.echelle);
  if (!scale) throw new Error(`no scale ${values.echelle}`);
  const count = indicator.unite === 'nombre';
  const shown = count ? counted(values) : plain(values, indicator.sens, { classes: 5, method: 'quantiles' });
  const points = isPointScale(scale.id);
  const layer = 'qpv2024';
  const hasQpv = catalogue.echelles.some((s) => s.id === layer && s.zones > 0);
  const [tilejson, zones, communes, places, qpv] = await Promise.all([
    tiles(scale.couche), points || count ? zonesOf(scale.id) : [], tiles('commune').catch(() => null), zonesOf('commune').catch(() => []),
    hasQpv ? tiles(layer).catch(() => null) : null,
  ]);
  const at = new Map(shown.codes.map((code, i) => [code, i]));
  const discs = points || count
    ? { points: zones.flatMap((z) => (z.centre && at.has(z.code) ? [{ code: z.code, logements: z.logements, secret: shown.secret[at.get(z.code) ?? -1] ?? false, centre: z.centre }] : [])), largest: largestOf(shown, 'logements') }
    : null;
  const own = 'scale' in subject ? null : (subject.geometrie ?? null);
  const scene: Scene = {
    communes, scale: { id: scale.couche, tilejson, query: '', colors: shown.colors, discs }, states: statesOf(shown, 'logements'),
    qpv: qpv && { layer, tilejson: qpv, names: [] },
    names: places.flatMap((z): Named[] => (z.centre ? [{ nom: z.nom, logements: z.logements, centre: z.centre }] : [])),
    zones: own ? { features: [{ type: 'Feature', properties: {}, geometry: own } satisfies Feature], names: [{ nom: 'nom' in subject ? subject.nom : '', centre: middle(own) }] } : { features: [], names: [] },
    selected: 'scale' in subject && subject.scale === scale.id ? subject.code : null,
  };
  const height = Math.round(WIDTH * Math.min(SHAPES.most, Math.max(SHAPES.least, aspectOf(around.box))));
  return {
    picture: await picture(scene, around.box, { width: WIDTH, height }, 'png'),
    legend: mapLegend({
      shown, indicator, scale, place: around.place, population: 'TOUS', size: 'logements', circles: count, limited: around.within !== null, filtered: false, source: '',
      years: values.vague ? [values.vague] : [], generation: '2024', qpv: hasQpv,
    }),
  };
}
