// Where demands come from and go to: what is shown of an answer.
import type { TrajetsDemande } from '../../api/client';
import type { Place } from '../../map/plain';

/** Lines of the whole territory: more would hide one another. The table has them all. */
const LINES = 25;

export interface Trip { de: string; vers: string | null; from: string; to: string; n: number; away: boolean }

/** Trips to one commune, or to the whole territory (null), the largest first. */
export function tripsTo(answer: TrajetsDemande, vers: string | null): Trip[] {
  const from = new Map(answer.origines.map((o) => [o.code, o]));
  const to = new Map(answer.destinations.map((d) => [d.code, d.nom]));
  return answer.trajets.filter((t) => (t.vers ?? null) === vers).map((t) => ({
    de: t.de, vers: t.vers ?? null, from: from.get(t.de)?.nom ?? t.de, to: t.vers ? (to.get(t.vers) ?? t.vers) : answer.nom,
    n: t.demandes, away: from.get(t.de)?.genre !== 'commune',
  }));
}

/** Trips between two places of the map, for its lines: to one commune, or the largest of all. */
export function lines(answer: TrajetsDemande, vers: string | null): Trip[] {
  const to = vers === null ? answer.destinations.flatMap((d) => tripsTo(answer, d.code)).sort((a, b) => b.n - a.n) : tripsTo(answer, vers);
  return to.filter((t) => t.de !== t.vers).slice(0, LINES);
}

/** A curve from one place to another, bent to its left so that there and back are told apart. */
export function curve([x0, y0]: Place, [x1, y1]: Place, steps = 24): Place[] {
  const [mx, my] = [(x0 + x1) / 2 - (y1 - y0) * 0.18, (y0 + y1) / 2 + (x1 - x0) * 0.18];
  return Array.from({ length: steps + 1 }, (_, i): Place => {
    const t = i / steps;
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return [a * x0 + b * mx + c * x1, a * y0 + b * my + c * y1];
  });
}
