// How numbers are written for French readers: on screen (narrow no-break spaces) and in files (plain).

const formatters = new Map<string, Intl.NumberFormat>();

function formatter(decimals: number, sign: boolean): Intl.NumberFormat {
  const key = `${decimals}${sign}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.NumberFormat('fr-FR', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: sign ? 'exceptZero' : 'auto',
    });
    formatters.set(key, found);
  }
  return found;
}

/** « 12 450 », « 6,2 »; `null` gives a dash that screen readers skip over quietly. */
export function formatNumber(value: number | null | undefined, decimals = 0): string {
  return value === null || value === undefined || Number.isNaN(value) ? '—' : formatter(decimals, false).format(value).replace('-', '−');
}

/** « 1 relogement », « 12 relogements »: a number with its word; from two on it is plural. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${formatNumber(n)}\u00a0${n >= 2 ? many : one}`;

/** A value with its unit: « 24 % », « 6,2 €/m² », « 812 » (the unit « nombre » is not written). */
export function formatValue(value: number | null | undefined, unit: string, decimals = 0): string {
  const number = formatNumber(value, decimals);
  return number === '—' || unit === 'nombre' || unit === '' ? number : `${number}\u00a0${unit}`;
}

/** A figure with the decimals that it was published with: a share of few households is whole, and is not dressed with « ,0 ». */
export function formatPublished(value: number | null | undefined, unit: string): string {
  const whole = unit === 'nombre' || (unit === '%' && Number.isInteger(value));
  return formatValue(value, unit, whole ? 0 : 1);
}

/** Decimals of a column of figures: all are written alike, with one as soon as one of them was published with it. */
export const columnDecimals = (values: readonly (number | null | undefined)[], unit: string): number =>
  unit === 'nombre' ? 0 : unit === '%' ? Number(values.some((v) => v != null && !Number.isInteger(v))) : 1;

/** A rate that a text sets, with the decimals that it has: « 25 », « 27,3 », « 27,25 ». */
export const formatRate = (value: number): string => formatNumber(value, [0, 1, 2].find((d) => Math.abs(value * 10 ** d - Math.round(value * 10 ** d)) < 1e-6) ?? 2);

/** A difference to a reference: « +2,1 pts » for shares, with the unit otherwise. */
export function formatGap(value: number, reference: number, unit: string, decimals = 0): string {
  const gap = value - reference;
  const shown = formatter(decimals, true).format(gap).replace('-', '−');
  const plural = Math.abs(gap) >= 2 ? 'pts' : 'pt';
  if (unit === '%') return `${shown}\u00a0${plural}`;
  return unit === 'nombre' ? shown : `${shown}\u00a0${unit}`;
}

/** A change with its sign: « +2,1 pts », « −0,4 année ». */
export function formatChange(change: number, unit: string, decimals = 1): string {
  const shown = formatter(decimals, true).format(change).replace('-', '−');
  if (unit === 'pts') return `${shown}\u00a0${Math.abs(change) >= 2 ? 'pts' : 'pt'}`;
  return unit === 'nombre' || unit === '' ? shown : `${shown}\u00a0${unit}`;
}

/** What the map says of one zone, and a word on how sure a difference is. */
export function formatShown(shown: ShownValues, i: number): { text: string; note: string; quiet: boolean } {
  const value = shown.valeurs[i];
  if (shown.secret[i]) return { text: 'secret statistique', note: shown.kind === 'valeur' || (shown.labels && shown.kind !== 'croisement') ? '' : 'pour l’un des deux chiffres', quiet: true };
  if (value == null) return { text: shown.kind === 'valeur' || (shown.labels && shown.kind !== 'croisement') ? 'pas de valeur' : 'pas comparable', note: '', quiet: true };
  if (shown.labels) return { text: shown.labels[value] ?? '', note: '', quiet: false };
  if (shown.kind === 'valeur') return { text: formatPublished(value, shown.unite), note: '', quiet: false };
  const sure = shown.significatif?.[i];
  const note = sure === true ? 'écart significatif (indicatif)' : sure === false ? 'écart non significatif (indicatif)' : '';
  return { text: formatChange(value, shown.unite, shown.unite === 'nombre' ? 0 : 1), note, quiet: false };
}

interface ShownValues {
  kind: string;
  labels: readonly string[] | null;
  unite: string;
  valeurs: readonly (number | null)[];
  secret: readonly boolean[];
  significatif: readonly (boolean | null)[] | null;
}

/** A share between 0 and 1 as a whole percentage: « 86 % ». */
export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? '—' : formatValue(share * 100, '%', 0);
}

/** Decimals that write class breaks as they are, two at most; more where two neighbours would else read the same. */
export function breakDecimals(breaks: readonly number[]): number {
  const written = (b: number, decimals: number): boolean => Math.abs(b - Number(b.toFixed(decimals))) < 1e-9;
  return [0, 1].find((decimals) => breaks.every((b) => written(b, decimals))) ?? 2;
}

/** A number in a CSV file: decimal comma, no grouping, empty when missing. */
export function fileNumber(value: number | null | undefined, decimals?: number): string {
  if (value === null || value === undefined) return '';
  return (decimals === undefined ? String(value) : value.toFixed(decimals)).replace('.', ',');
}

/** Small letters without accents: what a search compares. */
export const plain = (text: string): string => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();

/** ASCII file name from readable parts: `mosaique_villeneuve-sud_ops-2024.csv`. */
export function fileName(parts: readonly string[], extension: string): string {
  const slugs = parts
    .map((part) =>
      plain(part.replace(/œ/gi, 'oe'))
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 40),
    )
    .filter(Boolean);
  return `${['mosaique', ...slugs].join('_')}.${extension}`;
}
