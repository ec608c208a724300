// How values spread: counts in bins of equal width.

export interface Histogram {
  low: number;
  high: number;
  counts: number[];
}

/** Bins between the least and the largest value; `null` when there are not two different values. */
export function histogram(values: readonly (number | null)[], bins: number): Histogram | null {
  let low = Infinity;
  let high = -Infinity;
  for (const v of values) {
    if (v === null) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (!(high > low)) return null;
  const counts = new Array<number>(bins).fill(0);
  for (const v of values) {
    if (v === null) continue;
    const i = Math.min(bins - 1, Math.floor(((v - low) / (high - low)) * bins));
    counts[i] = (counts[i] ?? 0) + 1;
  }
  return { low, high, counts };
}
