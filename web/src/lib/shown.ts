// What the map shows: the values of one question, or the difference between two, with their classes and colours.
import { breaksOf, equalCounts, type Method, type OwnBreaks } from './breaks';
import { classOf, cleanBreaks, colors } from './classes';
import { formatValue } from './format';
import { isSignificant, twoShares } from './intervals';
import { diverging, STABLE } from './palettes';

/** Points beyond which a change is told, and beyond which it is strong (usage of observatories, domaine §10.1). */
export const TREND = { stable: 2, strong: 5 } as const;
/** Recent movers below which a gap is never said to be significant (same source). */
const FEW_RECENTS = 20;

/** Columns as `/api/valeurs` gives them. */
export interface Columns {
  vague?: number | null;
  echelle: string;
  indicateur: string;
  unite: string;
  codes: string[];
  noms: string[];
  valeurs: (number | null)[];
  secret: boolean[];
  repondants: (number | null)[];
  numerateurs: (number | null)[];
  denominateurs: (number | null)[];
  logements: number[];
  /** Of figures of filtered or crossed households: half-width at 95 %. */
  incertitudes?: (number | null)[];
  /** Dwellings of the zone that the value does not count. */
  logements_ecartes?: (number | null)[];
  reference: { nom: string; valeur?: number | null };
  bornes: number[];
}

export type Kind = 'valeur' | 'evolution' | 'ecart' | 'typologie' | 'croisement';

export interface Shown {
  kind: Kind;
  echelle: string;
  indicateur: string;
  unite: string;
  codes: string[];
  noms: string[];
  valeurs: (number | null)[];
  secret: boolean[];
  /** Published at one of the two dates only, or rounded: not compared. */
  ecartes: number;
  repondants: (number | null)[];
  logements: number[];
  /** Of differences: larger than chance would often make; `null`: cannot be told. */
  significatif: (boolean | null)[] | null;
  reference: { nom: string; valeur: number | null } | null;
  bornes: number[];
  colors: string[];
  /** Names of classes that are no intervals; values are then their places. */
  labels: string[] | null;
  /** How such classes were told, in words. */
  rule: string | null;
  /** Counts as circles: one colour, the surface of each is its value. */
  compte?: boolean;
  /** Two indicators at once: where the thirds of each begin. */
  croix?: Cross;
}

/** The two sides of a crossing; the place of a zone is `across + columns * up`. */
export interface Cross {
  across: { nom: string; unite: string; bornes: number[] };
  up: { nom: string; unite: string; bornes: number[] };
  columns: number;
  rows: number;
}

export interface Classing {
  classes: number;
  method: Method;
  breaks?: OwnBreaks | null;
}

/** Without the zones where no dwelling is left by a filter: they are no secret, they are empty. */
export function withDwellings<C extends Columns>(values: C): C {
  const kept = values.codes.map((_, i) => i).filter((i) => (values.logements[i] ?? 0) > 0 || values.valeurs[i] != null);
  const of = <T>(column: readonly T[]): T[] => kept.map((i) => column[i] as T);
  return {
    ...values, codes: of(values.codes), noms: of(values.noms), valeurs: of(values.valeurs), secret: of(values.secret), repondants: of(values.repondants),
    numerateurs: of(values.numerateurs), denominateurs: of(values.denominateurs), logements: of(values.logements),
    ...(values.incertitudes && { incertitudes: of(values.incertitudes) }), ...(values.logements_ecartes && { logements_ecartes: of(values.logements_ecartes) }),
  };
}

/** The values of one question. */
export function plain(values: Columns, sens: string, { classes, method: wanted, breaks = null }: Classing): Shown {
  const reference = values.reference.valeur ?? null;
  const own = wanted === 'manuel' && breaks?.of === values.indicateur ? cleanBreaks(breaks.at) : [];
  if (own.length > 0) {
    return { ...values, kind: 'valeur', ecartes: 0, significatif: null, bornes: own, labels: null, rule: 'Seuils choisis', reference: reference === null ? null : { nom: values.reference.nom, valeur: reference }, colors: colors(sens, own.length + 1) };
  }
  // Breaks that were typed for another indicator say nothing of this one.
  const method = wanted === 'manuel' ? 'quantiles' : wanted;
  const asked = cleanBreaks(breaksOf(values.valeurs, classes, method, reference));
  // Where most zones have one same value (often zero) equal numbers part nothing: natural groups do.
  const bornes = asked.length > 0 ? asked : cleanBreaks(breaksOf(values.valeurs, classes, 'jenks', reference));
  return {
    ...values, kind: 'valeur', ecartes: 0, significatif: null, bornes, labels: null, rule: asked.length === 0 && bornes.length > 0 ? 'La plupart ont la même valeur : classes par seuils naturels' : null,
    reference: reference === null ? null : { nom: values.reference.nom, valeur: reference },
    colors: method === 'reference' && reference !== null ? diverging(sens, bornes.length + 1) : colors(sens, bornes.length + 1),
  };
}

/** Colour of the circles of counts: they differ by their surface only. */
export const COUNT_COLOR = '#5d7f97';

/** Counts as circles (never as areas: a large commune would look full). */
export function counted(values: Columns): Shown {
  const shown = plain(values, 'neutre', { classes: 3, method: 'quantiles' });
  return { ...shown, bornes: [], rule: null, colors: [COUNT_COLOR], compte: true };
}

/** What the surface of a zone's circle counts. */
export const weightOf = (shown: Shown, size: 'logements' | 'repondants', i: number): number | null => (shown.compte ? shown.valeurs[i] : shown[size][i]) ?? null;
/** What the largest circle counts. */
export const largestOf = (shown: Shown, size: 'logements' | 'repondants'): number => shown.codes.reduce((most, _, i) => Math.max(most, weightOf(shown, size, i) ?? 0), 1);

/** A figure of households that was rounded to 5 points: its counts are withheld though its value is given. */
const isRounded = (values: Columns, i: number): boolean => values.unite === '%' && values.repondants[i] != null && values.numerateurs[i] == null && values.valeurs[i] != null;

/** `to` minus `from`, zone by zone, where both are published and exact. */
export function difference(from: Columns, to: Columns, sens: string, kind: 'evolution' | 'ecart'): Shown {
  const at = new Map(from.codes.map((code, i) => [code, i]));
  // Beside a difference stand its two values as they are written: with one decimal, where they have more.
  const written = (v: number): number => (to.unite === '%' || to.unite === 'nombre' ? v : Math.round(v * 10) / 10);
  let ecartes = 0;
  const secret: boolean[] = [];
  const significatif: (boolean | null)[] = [];
  const valeurs = to.codes.map((code, i): number | null => {
    const j = at.get(code);
    const [after, before] = [to.valeurs[i] ?? null, j === undefined ? null : (from.valeurs[j] ?? null)];
    secret.push(to.secret[i] === true || (j !== undefined && from.secret[j] === true));
    significatif.push(null);
    if (j === undefined || after === null || before === null) return null;
    if (isRounded(to, i) || isRounded(from, j)) {
      ecartes += 1;
      return null;
    }
    significatif[i] = kind === 'evolution' ? testOf(from, j, to, i) : (to.repondants[i] ?? 0) >= FEW_RECENTS ? null : false;
    // Without the tail of binary fractions: a change of 5 points is 5.
    return Math.round((written(after) - written(before)) * 1000) / 1000;
  });
  const unite = to.unite === '%' ? 'pts' : to.unite;
  const bornes = unite === 'pts' ? [-TREND.strong, -TREND.stable, TREND.stable, TREND.strong] : symmetric(valeurs);
  const [a, b] = [from.reference.valeur ?? null, to.reference.valeur ?? null];
  return {
    kind, echelle: to.echelle, indicateur: to.indicateur, unite, codes: to.codes, noms: to.noms, valeurs, secret, ecartes,
    repondants: to.repondants, logements: to.logements, significatif, bornes, colors: diverging(sens, bornes.length + 1), labels: null, rule: null,
    reference: a === null || b === null ? null : { nom: to.reference.nom, valeur: Math.round((written(b) - written(a)) * 1000) / 1000 },
  };
}

/** Whether two shares of households differ by more than chance; `null` for what is no share of households. */
function testOf(from: Columns, j: number, to: Columns, i: number): boolean | null {
  const share = (values: Columns, k: number): { count: number; base: number } | null => {
    const [count, base, answers] = [values.numerateurs[k], values.denominateurs[k], values.repondants[k]];
    return values.unite === '%' && count != null && base != null && answers != null && base <= answers ? { count, base } : null;
  };
  const [a, b] = [share(from, j), share(to, i)];
  return a && b ? isSignificant(twoShares(a, b)) : null;
}

/** The types of zones, the most favoured first (domaine §10.5). */
const TYPES = ['favorisé', 'intermédiaire', 'fragile, passé non connu', 'fragile, stable ou en amélioration', 'fragile et qui s’aggrave'];
const TYPE_COLORS = ['#5ba3a2', STABLE, '#d9c3ae', '#dd9058', '#7c2f1b'];

/** The value below which so large a part of the dwellings lies. */
export function weightedQuantile(values: readonly (number | null)[], weights: readonly number[], part: number): number | null {
  const known = values.flatMap((v, i) => (v === null ? [] : [{ v, w: weights[i] ?? 0 }])).sort((a, b) => a.v - b.v);
  const total = known.reduce((s, { w }) => s + w, 0);
  let sum = 0;
  for (const { v, w } of known) {
    sum += w;
    if (sum >= part * total) return v;
  }
  return null;
}

/**
 * Types of zones: fragile in the worst quarter of the dwellings, favoured in the best; among the fragile ones, those that got worse
 * since the other wave by more than what is called stable. `now` is the wave that is shown; the other may be older or newer.
 */
export function typology(now: Columns, other: Columns, sens: string): Shown {
  const worse = sens === 'aisance' ? -1 : 1;
  const [low, high] = [weightedQuantile(now.valeurs, now.logements, 0.25), weightedQuantile(now.valeurs, now.logements, 0.75)];
  const past = (other.vague ?? 0) <= (now.vague ?? 0) ? difference(other, now, sens, 'evolution') : difference(now, other, sens, 'evolution');
  const delta = new Map(past.codes.map((code, i) => [code, past.valeurs[i] ?? null]));
  const [fragile, good] = worse > 0 ? [high, low] : [low, high];
  const valeurs = now.valeurs.map((v, i): number | null => {
    if (v === null || fragile === null || good === null) return null;
    if (worse * v < worse * fragile) return worse * v <= worse * good ? 0 : 1;
    const moved = delta.get(now.codes[i] ?? '') ?? null;
    return moved === null ? 2 : worse * moved >= TREND.stable ? 4 : 3;
  });
  return {
    ...now, kind: 'typologie', ecartes: 0, significatif: null, valeurs, bornes: [1, 2, 3, 4], colors: TYPE_COLORS, labels: TYPES, reference: null,
    rule: fragile === null || good === null ? null : `Fragile : le quart des logements ${worse > 0 ? 'à partir de' : 'jusqu’à'} ${formatValue(fragile, now.unite, 1)} ; favorisé : ${worse > 0 ? 'jusqu’à' : 'à partir de'} ${formatValue(good, now.unite, 1)} ; s’aggrave : ${TREND.stable} points ou plus depuis l’autre enquête`,
  };
}

/** Words of the thirds of an indicator, the lowest first. */
const THIRDS = ['faible', 'moyen', 'élevé'];
/** Across the first indicator grows, up the second; after J. Stevens: told apart with the usual colour-vision deficiencies. */
const CROSSED = ['#dcd8f2', '#d69fce', '#be64ac', '#a9dcdc', '#a5a3cc', '#8c62aa', '#5ac8c8', '#4f8fb4', '#3b4994'];

/** Two indicators at once: the zones in thirds of equal numbers of each, where both are published. */
export function crossing(first: Columns, second: Columns, names: readonly [string, string]): Shown {
  const at = new Map(second.codes.map((code, i) => [code, i]));
  const other = (i: number): number | undefined => at.get(first.codes[i] ?? '');
  const secret = first.codes.map((_, i) => first.secret[i] === true || second.secret[other(i) ?? -1] === true);
  const pairs = first.codes.map((_, i): [number, number] | null => {
    const [a, b] = [first.valeurs[i] ?? null, second.valeurs[other(i) ?? -1] ?? null];
    return a === null || b === null ? null : [a, b];
  });
  const breaks = (side: 0 | 1): number[] => cleanBreaks(equalCounts(pairs.flatMap((p) => (p ? [p[side]] : [])).sort((a, b) => a - b), THIRDS.length));
  const [across, up] = [breaks(0), breaks(1)];
  const [columns, rows] = [across.length + 1, up.length + 1];
  // Fewer than three parts keep the ends of the colours.
  const end = (i: number, n: number): number => (n === 2 && i === 1 ? 2 : i);
  const places = Array.from({ length: columns * rows }, (_, k) => [end(k % columns, columns), end(Math.floor(k / columns), rows)] as const);
  return {
    ...first, kind: 'croisement', ecartes: 0, significatif: null, secret, reference: null,
    valeurs: pairs.map((p) => (p ? (classOf(p[0], across) ?? 0) + columns * (classOf(p[1], up) ?? 0) : null)),
    bornes: places.slice(1).map((_, i) => i + 1),
    colors: places.map(([x, y]) => CROSSED[x + 3 * y] ?? '#999999'),
    labels: places.map(([x, y]) => `${THIRDS[x]} × ${THIRDS[y]}`),
    rule: 'Tiers des zones de même effectif, sur chaque indicateur',
    croix: { across: { nom: names[0], unite: first.unite, bornes: across }, up: { nom: names[1], unite: second.unite, bornes: up }, columns, rows },
  };
}

/** Breaks on both sides of zero for what is not in points: a third and two thirds of the differences, by size. */
function symmetric(values: readonly (number | null)[]): number[] {
  const sizes = values.filter((v): v is number => v !== null).map(Math.abs);
  const [low = 0, high = 0] = breaksOf(sizes, 3, 'quantiles', null);
  return low > 0 && high > low ? [-high, -low, low, high] : high > 0 ? [-high, high] : low > 0 ? [-low, low] : [];
}

/** « hausse forte », « stable »: a change in points, in words. */
export function trendWord(points: number): string {
  const size = Math.abs(points);
  if (size < TREND.stable) return 'stable';
  return `${points > 0 ? 'hausse' : 'baisse'} ${size > TREND.strong ? 'forte' : 'modérée'}`;
}
