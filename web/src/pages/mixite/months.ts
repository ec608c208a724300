// The months of one rule: the share of each, and the share since January as long as no month is secret.
import type { Mixite } from '../../api/client';

export interface Point {
  /** 1 to 12. */
  mois: number;
  secret: boolean;
  part: number | null;
  cumul: number | null;
}

export function monthly(months: Pick<Mixite, 'lignes'>, rule: number): Point[] {
  let [numerator, denominator, open] = [0, 0, true];
  return months.lignes.map((line) => {
    const score = line.scores[rule];
    const secret = score?.secret ?? true;
    open &&= !secret;
    numerator += score?.numerateur ?? 0;
    denominator += score?.denominateur ?? 0;
    const cumul = open && denominator > 0 ? Math.round((1000 * numerator) / denominator) / 10 : null;
    return { mois: Number(line.code.slice(-2)), secret, part: score?.part ?? null, cumul };
  });
}
