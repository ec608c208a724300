// Where the classes of a map begin: equal numbers, natural groups (Jenks), or steps around a reference.

export const METHODS = { quantiles: 'Effectifs égaux', jenks: 'Seuils naturels (Jenks)', reference: 'Autour de la référence', manuel: 'Seuils choisis' } as const;
export type Method = keyof typeof METHODS;
export const CLASSES = { least: 3, most: 7, usual: 5 } as const;

/** Breaks that one typed, and the indicator that they are for: of another they would say nothing. */
export interface OwnBreaks {
  of: string;
  at: readonly number[];
}

/** Distinct values that Jenks looks at; more are first gathered by quantiles. */
const MOST_DISTINCT = 600;

/** A step that reads well, no larger than asked: 1, 2 or 5 times a power of ten. */
function roundStep(largest: number): number {
  const power = 10 ** Math.floor(Math.log10(largest));
  return ([5, 2, 1].find((m) => m * power <= largest * (1 + 1e-9)) ?? 1) * power;
}

/** To a multiple of the step, without the tail of binary fractions. */
const toStep = (value: number, step: number): number => Number((Math.round(value / step) * step).toPrecision(10));

/** Growing, each once, above the least value and not above the largest: classes on both sides hold something. */
const between = (breaks: readonly number[], low: number, high: number): number[] => [...new Set(breaks)].sort((a, b) => a - b).filter((b) => b > low && b <= high);

/** Breaks of so many classes; fewer when values don't allow it, none when they are all equal. */
export function breaksOf(values: readonly (number | null)[], classes: number, method: Method, reference: number | null): number[] {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v)).sort((a, b) => a - b);
  const low = known[0];
  const high = known.at(-1);
  if (low === undefined || high === undefined || low === high) return [];
  if (method === 'reference' && reference !== null) return aroundReference(known, classes, reference);
  if (method !== 'jenks') return equalCounts(known, classes);
  const raw = jenks(known, classes);
  // Rounded as far as neighbours stay apart; a break of small numbers keeps its decimals.
  const spread = (raw.at(-1) ?? high) - (raw[0] ?? low);
  const step = roundStep((spread > 0 ? spread : high - low) / (4 * classes));
  return between(raw.map((b) => toStep(b, step)), low, high);
}

/** Part of a class by which a rounder break may move its border: nothing where a class has fewer than 50 zones. */
const SLACK = 0.02;

/**
 * Breaks that part sorted values into classes of equal numbers, but for values that are the same: those stay together. Each break
 * is the roundest number between its two neighbours, so that rounding never empties a class.
 */
export function equalCounts(sorted: readonly number[], classes: number): number[] {
  const n = sorted.length;
  // A border at i: sorted[i - 1] and sorted[i] differ.
  const borders = sorted.flatMap((v, i) => (i > 0 && (sorted[i - 1] ?? v) < v ? [i] : []));
  const chosen = new Set(Array.from({ length: classes - 1 }, (_, j) => nearest(borders, ((j + 1) * n) / classes)));
  const slack = Math.floor((SLACK * n) / classes);
  return [...chosen].flatMap((border) => {
    if (border === null) return [];
    const [from, to] = [Math.max(1, border - slack), Math.min(n - 1, border + slack)];
    return [roundest(sorted[from - 1] ?? 0, sorted[to] ?? 0)];
  });
}

/** The number of a sorted list that is nearest to another. */
function nearest(sorted: readonly number[], wanted: number): number | null {
  const after = sorted.findIndex((b) => b >= wanted);
  const [low, high] = [sorted[after < 0 ? sorted.length - 1 : after - 1], sorted[after]];
  if (low === undefined || high === undefined) return low ?? high ?? null;
  return wanted - low < high - wanted ? low : high;
}

/** The number with the fewest digits above `low` and not above `high`. */
export function roundest(low: number, high: number): number {
  const top = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high), 1e-9))) + 1;
  for (let power = top; power > top - 12; power -= 1) {
    for (const m of [5, 2, 1]) {
      const step = m * 10 ** power;
      const found = Number((Math.floor(high / step + 1e-9) * step).toPrecision(12));
      if (found > low && found <= high) return found;
    }
  }
  return high;
}

/** Steps of a round half standard deviation on both sides of a reference, which stands in the middle class or between the two middle ones. */
export function aroundReference(values: readonly number[], classes: number, reference: number): number[] {
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length);
  if (!(deviation > 0)) return [];
  const step = roundStep(deviation * 0.8);
  const centre = toStep(reference, step / 10);
  return Array.from({ length: classes - 1 }, (_, i) => Number((centre + (i - (classes - 2) / 2) * step).toPrecision(10)));
}

/** The lower bounds of the groups that vary least within (Fisher's exact grouping), of sorted values. */
export function jenks(sorted: readonly number[], classes: number): number[] {
  const { values, weights } = gathered(sorted);
  const n = values.length;
  const k = Math.min(classes, n);
  // Sums up to each value: the spread of a group follows in one step.
  const count = [0], sum = [0], square = [0];
  values.forEach((v, i) => {
    const w = weights[i] ?? 1;
    count.push((count[i] ?? 0) + w);
    sum.push((sum[i] ?? 0) + w * v);
    square.push((square[i] ?? 0) + w * v * v);
  });
  const spread = (from: number, to: number): number => {
    const s = (sum[to] ?? 0) - (sum[from] ?? 0);
    return (square[to] ?? 0) - (square[from] ?? 0) - (s * s) / ((count[to] ?? 0) - (count[from] ?? 0));
  };
  // best[i]: least spread of the first i values in as many groups as the round; starts[g][i]: where the last group begins.
  let best = values.map((_, i) => spread(0, i + 1));
  best.unshift(0);
  const starts: number[][] = [];
  for (let g = 2; g <= k; g += 1) {
    const next = new Array<number>(n + 1).fill(Infinity);
    const start = new Array<number>(n + 1).fill(0);
    for (let i = g; i <= n; i += 1) {
      for (let j = g - 1; j < i; j += 1) {
        const total = (best[j] ?? Infinity) + spread(j, i);
        if (total < (next[i] ?? Infinity)) [next[i], start[i]] = [total, j];
      }
    }
    best = next;
    starts.push(start);
  }
  const breaks: number[] = [];
  for (let end = n, g = starts.length - 1; g >= 0; g -= 1) {
    end = starts[g]?.[end] ?? 0;
    breaks.unshift(values[end] ?? 0);
  }
  return breaks;
}

/** Distinct values with how many times each stands; too many are taken by groups of neighbours, at their mean. */
function gathered(sorted: readonly number[]): { values: number[]; weights: number[] } {
  const values: number[] = [];
  const weights: number[] = [];
  for (const v of sorted) {
    if (values.at(-1) === v) weights[weights.length - 1] = (weights.at(-1) ?? 0) + 1;
    else {
      values.push(v);
      weights.push(1);
    }
  }
  if (values.length <= MOST_DISTINCT) return { values, weights };
  const size = Math.ceil(values.length / MOST_DISTINCT);
  const few: { values: number[]; weights: number[] } = { values: [], weights: [] };
  for (let i = 0; i < values.length; i += size) {
    const group = values.slice(i, i + size).map((v, j) => [v, weights[i + j] ?? 1] as const);
    const weight = group.reduce((s, [, w]) => s + w, 0);
    few.values.push(group.reduce((s, [v, w]) => s + v * w, 0) / weight);
    few.weights.push(weight);
  }
  return few;
}

/**
 * Breaks as people type them: « 10 ; 20,5 ; 30 », or apart by spaces. A comma between two digits is a decimal one. What can't be read
 * is told in words, and changes nothing.
 */
export function readBreaks(text: string): { breaks: number[]; error: string | null } {
  const refused = (error: string): { breaks: number[]; error: string } => ({ breaks: [], error });
  const plain = text.replace(/[%€]|pts?\b/g, ' ').replace(/[\u00a0\u202f]/g, ' ').replaceAll('−', '-').trim();
  const parts = (plain.includes(';') ? plain.split(';').map((p) => p.replace(/\s+/g, '')) : plain.split(/,\s+|\s+/)).filter((p) => p !== '');
  if (parts.length === 0) return refused('Écrivez au moins un seuil, par exemple « 10 ; 20,5 ; 30 ».');
  const unread = parts.find((p) => !/^-?\d+([.,]\d+)?$/.test(p));
  if (unread !== undefined) return refused(`« ${unread} » n’est pas un nombre. Séparez les seuils par des points-virgules.`);
  const breaks = [...new Set(parts.map((p) => Number(p.replace(',', '.'))))].sort((a, b) => a - b);
  if (breaks.length > CLASSES.most - 1) return refused(`${breaks.length} seuils : la carte en prend ${CLASSES.most - 1} au plus.`);
  return { breaks, error: null };
}

/** Breaks as one reads and types them again: « 10 ; 20,5 ; 30 ». */
export const writeBreaks = (breaks: readonly number[]): string => breaks.map((b) => String(b).replace('.', ',')).join(' ; ');
