// What the map shows: the values of one question, or the difference between two, with their classes and colours.
import { breaksOf, type Method } from './breaks';
import { cleanBreaks, colors } from './classes';
import { isSignificant, twoShares } from './intervals';
import { diverging } from './palettes';

/** Points beyond which a change is told, and beyond which it is strong (usage of observatories, domaine §10.1). */
export const TREND = { stable: 2, strong: 5 } as const;
/** Recent movers below which a gap is never said to be significant (same source). */
const FEW_RECENTS = 20;

/** Columns as `/api/valeurs` gives them. */
export interface Columns {
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
  reference: { nom: string; valeur?: number | null };
  bornes: number[];
}

export type Kind = 'valeur' | 'evolution' | 'ecart';

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
}

export interface Classing {
  classes: number;
  method: Method;
}

/** The values of one question. The server's own breaks serve while nothing else is asked. */
export function plain(values: Columns, sens: string, { classes, method }: Classing): Shown {
  const reference = values.reference.valeur ?? null;
  const usual = method === 'quantiles' && classes === 5;
  const bornes = cleanBreaks(usual ? values.bornes : breaksOf(values.valeurs, classes, method, reference));
  return {
    ...values, kind: 'valeur', ecartes: 0, significatif: null, bornes,
    reference: reference === null ? null : { nom: values.reference.nom, valeur: reference },
    colors: method === 'reference' && reference !== null ? diverging(sens, bornes.length + 1) : colors(sens, bornes.length + 1),
  };
}

/** A figure of households that was rounded to 5 points: its counts are withheld though its value is given. */
const isRounded = (values: Columns, i: number): boolean => values.unite === '%' && values.repondants[i] != null && values.numerateurs[i] == null && values.valeurs[i] != null;

/** `to` minus `from`, zone by zone, where both are published and exact. */
export function difference(from: Columns, to: Columns, sens: string, kind: 'evolution' | 'ecart'): Shown {
  const at = new Map(from.codes.map((code, i) => [code, i]));
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
    return Math.round((after - before) * 1000) / 1000;
  });
  const unite = to.unite === '%' ? 'pts' : to.unite;
  const bornes = unite === 'pts' ? [-TREND.strong, -TREND.stable, TREND.stable, TREND.strong] : symmetric(valeurs);
  const [a, b] = [from.reference.valeur ?? null, to.reference.valeur ?? null];
  return {
    kind, echelle: to.echelle, indicateur: to.indicateur, unite, codes: to.codes, noms: to.noms, valeurs, secret, ecartes,
    repondants: to.repondants, logements: to.logements, significatif, bornes, colors: diverging(sens, bornes.length + 1),
    reference: a === null || b === null ? null : { nom: to.reference.nom, valeur: Math.round((b - a) * 1000) / 1000 },
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
