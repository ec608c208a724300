// What one name does not mean alike at two millésimes: communes that merged or came back, EPCI that changed. Said wherever two years stand side by side.
import type { Catalogue } from '../api/client';

type Known = Pick<Catalogue, 'millesimes' | 'perimetres'>;

/** Sentences on zones of a scale whose perimeter changed between these waves, of each zone in the order of years. `codes`: null for every zone. */
export function perimeters(catalogue: Known | null | undefined, scale: string | null, codes: readonly string[] | null, waves: readonly number[]): string[] {
  if (!catalogue || waves.length < 2) return [];
  const years = catalogue.millesimes.filter((m) => m.vague != null && waves.includes(m.vague)).map((m) => m.millesime);
  const [first, last] = [Math.min(...years), Math.max(...years)];
  const asked = codes && new Set(codes);
  return catalogue.perimetres.filter((p) => p.echelle === scale && p.de >= first && p.a <= last && (!asked || asked.has(p.code))).map((p) => p.dit);
}
