// How far a share of respondents may be from that of all households: indicative, as if respondents were drawn at random.

export interface Interval {
  /** Percent. */
  low: number;
  high: number;
}

/** 95 %: the quantile of the normal law. */
const Z95 = 1.959963985;

/** Wilson's score interval at 95 % of `count` out of `base`, in percent; `null` without a base. */
export function wilson(count: number, base: number, z = Z95): Interval | null {
  if (!(base > 0) || count < 0 || count > base) return null;
  const p = count / base;
  const centre = p + (z * z) / (2 * base);
  const half = z * Math.sqrt((p * (1 - p)) / base + (z * z) / (4 * base * base));
  const scale = 100 / (1 + (z * z) / base);
  return { low: Math.max(0, scale * (centre - half)), high: Math.min(100, scale * (centre + half)) };
}

/** z of the difference between two shares (second minus first) with a pooled variance; `null` when nothing varies. */
export function twoShares(a: { count: number; base: number }, b: { count: number; base: number }): number | null {
  if (!(a.base > 0) || !(b.base > 0)) return null;
  const pooled = (a.count + b.count) / (a.base + b.base);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.base + 1 / b.base));
  return error > 0 ? (b.count / b.base - a.count / a.base) / error : null;
}

/** Whether such a difference is larger than chance would often make (95 %). */
export const isSignificant = (z: number | null): boolean | null => (z === null ? null : Math.abs(z) > Z95);

interface Counted {
  valeur?: number | null;
  unite: string;
  numerateur?: number | null;
  denominateur?: number | null;
  repondants?: number | null;
  secret: boolean;
}

/**
 * The interval of a figure: only for shares of responding households whose counts are given. Persons of one household answer
 * together, and dwellings are counted one by one in the register: neither is a draw of so many.
 */
export function intervalOf(figure: Counted): Interval | null {
  const { numerateur, denominateur, repondants } = figure;
  if (figure.secret || figure.unite !== '%' || numerateur == null || denominateur == null || repondants == null) return null;
  return denominateur <= repondants ? wilson(numerateur, denominateur) : null;
}
