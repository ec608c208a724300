// Drawn and imported zones as files: GeoJSON in and out, figures as CSV for a French spreadsheet.
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import { fileNumber } from './format';

export type Area = Polygon | MultiPolygon;
export interface NamedArea {
  nom: string;
  geometrie: Area;
}

/** A file that can't be used as zones; the message says what to do. */
export class ZoneFileError extends Error {}

const MAX_ZONES = 500;
const MAX_VERTICES = 5000;

/** Reads a GeoJSON text (Feature, FeatureCollection or geometry) into polygons in lon/lat. */
export function readZones(text: string, fallbackName = 'Zone importée'): NamedArea[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ZoneFileError('Ce fichier n’est pas du GeoJSON lisible. Exportez vos zones au format GeoJSON, puis recommencez.');
  }
  const features = toFeatures(data);
  const zones = features.flatMap((feature, i): NamedArea[] => {
    const geometry = feature.geometry;
    if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') return [];
    check(geometry);
    return [{ nom: nameOf(feature) ?? (features.length > 1 ? `${fallbackName} ${i + 1}` : fallbackName), geometrie: geometry }];
  });
  if (zones.length === 0) throw new ZoneFileError('Ce fichier ne contient aucun polygone. Seuls les polygones et multipolygones délimitent une zone.');
  if (zones.length > MAX_ZONES) throw new ZoneFileError(`Ce fichier contient ${zones.length} zones ; la limite est de ${MAX_ZONES}. Découpez-le en plusieurs fichiers.`);
  return zones;
}

function toFeatures(data: unknown): Feature[] {
  if (typeof data !== 'object' || data === null || !('type' in data)) return [];
  const any = data as { type: string };
  if (any.type === 'FeatureCollection') return (data as FeatureCollection).features ?? [];
  if (any.type === 'Feature') return [data as Feature];
  return [{ type: 'Feature', properties: {}, geometry: data as Polygon }];
}

function nameOf(feature: Feature): string | undefined {
  const properties = feature.properties ?? {};
  for (const key of ['nom', 'NOM', 'name', 'libelle', 'LIBELLE', 'lib_qp', 'label']) {
    const value = properties[key] as unknown;
    if (typeof value === 'string' && value.trim()) return value.trim().slice(0, 80);
  }
  return undefined;
}

function check(geometry: Area): void {
  const rings = geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat();
  const points = rings.flat();
  if (points.length > MAX_VERTICES) throw new ZoneFileError(`Une zone compte ${points.length} sommets ; la limite est de ${MAX_VERTICES}. Simplifiez son contour.`);
  if (rings.length === 0 || rings.some((ring) => ring.length < 4)) throw new ZoneFileError('Une zone a un contour de moins de trois sommets.');
  for (const [x, y] of points) {
    if (x === undefined || y === undefined || !Number.isFinite(x) || !Number.isFinite(y)) throw new ZoneFileError('Une zone contient des coordonnées illisibles.');
    if (Math.abs(x) > 180 || Math.abs(y) > 90) {
      throw new ZoneFileError('Les coordonnées ne sont pas en longitude et latitude (WGS 84). Reprojetez le fichier (par exemple de Lambert-93 vers EPSG:4326).');
    }
  }
}

/** Vertices of a polygon that differ from each other; a zone can be measured from three on. */
export function distinctVertices(polygon: Polygon): number {
  return new Set((polygon.coordinates[0] ?? []).map((p) => p.join())).size;
}

/** A point of the zone good enough to ask in which commune it lies: mean of the first ring's vertices. */
export function middle(area: Area): [number, number] {
  const ring = (area.type === 'Polygon' ? area.coordinates[0] : area.coordinates[0]?.[0]) ?? [];
  const open = ring.length > 1 ? ring.slice(0, -1) : ring;
  const sum = open.reduce<[number, number]>((s, p) => [s[0] + (p[0] ?? 0), s[1] + (p[1] ?? 0)], [0, 0]);
  return [sum[0] / (open.length || 1), sum[1] / (open.length || 1)];
}

export interface MeasuredZone {
  nom: string;
  geometrie?: Area;
  mesure?: {
    millesime: number;
    vague?: number | null;
    population: string;
    couverture: { logements?: number | null; repondants?: number | null; taux_reponse?: number | null; badge?: string | null };
    chiffres: CsvFigure[];
  };
}

export interface CsvFigure {
  indicateur: string;
  valeur?: number | null;
  unite: string;
  decimales: number;
  numerateur?: number | null;
  denominateur?: number | null;
  repondants?: number | null;
  taux_reponse?: number | null;
  badge?: string | null;
  secret: boolean;
  motif?: string | null;
  source?: string;
}

/** Zones as GeoJSON (RFC 7946: lon/lat WGS 84, outer rings counter-clockwise is left to the reader). */
export function writeGeoJson(zones: readonly MeasuredZone[]): string {
  const features = zones.flatMap((zone): Feature[] => {
    if (!zone.geometrie) return [];
    const properties: Record<string, unknown> = { nom: zone.nom };
    if (zone.mesure) {
      properties['logements'] = zone.mesure.couverture.logements ?? null;
      properties['repondants'] = zone.mesure.couverture.repondants ?? null;
      for (const figure of zone.mesure.chiffres) properties[figure.indicateur] = figure.valeur ?? null;
    }
    return [{ type: 'Feature', properties, geometry: zone.geometrie }];
  });
  return JSON.stringify({ type: 'FeatureCollection', features }, null, 1);
}

const COLUMNS = ['zone', 'indicateur', 'libelle', 'valeur', 'unite', 'numerateur', 'denominateur', 'repondants', 'taux_reponse', 'fiabilite', 'secret', 'motif', 'population', 'vague', 'millesime_rpls', 'source'];

/** Figures as CSV: UTF-8 with a byte-order mark, « ; », decimal comma; a secret figure is empty and says so. */
export function writeCsv(zones: readonly MeasuredZone[], labelOf: (indicator: string) => string): string {
  const rows = zones.flatMap((zone) => {
    const mesure = zone.mesure;
    if (!mesure) return [];
    return mesure.chiffres.map((f) => [
      zone.nom, f.indicateur, labelOf(f.indicateur), fileNumber(f.valeur, f.decimales), f.unite, fileNumber(f.numerateur), fileNumber(f.denominateur),
      fileNumber(f.repondants), fileNumber(f.taux_reponse), f.badge ?? '', f.secret ? 'oui' : 'non', f.motif ?? '',
      mesure.population, mesure.vague ? String(mesure.vague) : '', String(mesure.millesime), f.source ?? '',
    ]);
  });
  return toCsv([COLUMNS, ...rows]);
}

/** Rows as CSV for a French spreadsheet; cells that a spreadsheet would run as a formula get an apostrophe. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => {
    const safe = /^[=+@\t]|^-(?![\d,])/.test(text) ? `'${text}` : text;
    return /[";\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `\ufeff${rows.map((row) => row.map(cell).join(';')).join('\r\n')}\r\n`;
}
