// Drawn and imported zones as files: GeoJSON, figures as CSV for a French spreadsheet.
import type { Feature, MultiPolygon, Polygon } from 'geojson';
import { fileNumber } from './format';

export type Area = Polygon | MultiPolygon;

/** A file that can't be used as zones; the message says what to do. */
export class ZoneFileError extends Error {}

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
    zone?: { code?: string | null };
    couverture: { logements?: number | null; repondants?: number | null; taux_reponse?: number | null; badge?: string | null };
    chiffres: CsvFigure[];
  };
}

export interface CsvFigure {
  incertitude?: number | null;
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

const COLUMNS = ['zone', 'indicateur', 'libelle', 'valeur', 'unite', 'numerateur', 'denominateur', 'repondants', 'taux_reponse', 'fiabilite', 'secret', 'motif', 'population', 'vague', 'millesime_rpls', 'source', 'code', 'plus_ou_moins', 'filtres'];

/** Figures as CSV: UTF-8 with a byte-order mark, « ; », decimal comma; a secret figure is empty and says so. `filters`: of what, in words. */
export function writeCsv(zones: readonly MeasuredZone[], labelOf: (indicator: string) => string, filters: readonly string[] = []): string {
  const rows = zones.flatMap((zone) => {
    const mesure = zone.mesure;
    if (!mesure) return [];
    return mesure.chiffres.map((f) => [
      zone.nom, f.indicateur, labelOf(f.indicateur), fileNumber(f.valeur, f.decimales), f.unite, fileNumber(f.numerateur), fileNumber(f.denominateur),
      fileNumber(f.repondants), fileNumber(f.taux_reponse), f.badge ?? '', f.secret ? 'oui' : 'non', f.motif ?? '',
      mesure.population, mesure.vague ? String(mesure.vague) : '', String(mesure.millesime), f.source ?? '', mesure.zone?.code ?? '', fileNumber(f.incertitude), filters.join(' ; '),
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
