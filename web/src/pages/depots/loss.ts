// What accepting a deposit would take away from the figures.
import type { ComparaisonDepot } from '../../api/client';

export interface Loss {
  /** Households or dwellings in force, and in the deposit. */
  before: number;
  after: number;
  /** Less in all; zero if there are as many or more. */
  whole: number;
  /** Less in the communes that lose: another commune's gain does not make up for them. */
  lost: number;
  communes: number;
}

export function lossOf({ total, communes }: Pick<ComparaisonDepot, 'total' | 'communes'>): Loss {
  const of = (line: { en_vigueur?: number | null; depot: number }): number => Math.max(0, (line.en_vigueur ?? 0) - line.depot);
  const losing = communes.filter((line) => of(line) > 0);
  return { before: total.en_vigueur ?? 0, after: total.depot, whole: of(total), lost: losing.reduce((sum, line) => sum + of(line), 0), communes: losing.length };
}
