// How the lines of a grid are said in words.
import type { CritereCatalogue, Grille } from '../../api/client';
import { formatNumber } from '../../lib/format';

type Line = Grille['criteres'][number];
const UNITS: Record<string, string> = { effort: '%', anciennete: 'mois', duree_logement: 'mois', reste_a_vivre: '€', surface_par_personne: 'm²' };

/** The unit of what a criterion measures; none where it is met or not. */
export const unitOf = (code: string, catalogue: readonly CritereCatalogue[]): string | null => {
  const measure = catalogue.find((c) => c.code === code)?.mesure;
  return measure ? (UNITS[measure] ?? '') : null;
};
export const nameOf = (line: Line, catalogue: readonly CritereCatalogue[]): string => catalogue.find((c) => c.code === line.code)?.libelle ?? line.libelle ?? line.code;
const points = (n: number): string => `${formatNumber(n)}\u00a0point${n > 1 ? 's' : ''}`;
const plain = (n: number): string => formatNumber(n, Number.isInteger(n) ? 0 : 1);

/** « de 33 à 50 % : 20 points » */
export function given(line: Line, catalogue: readonly CritereCatalogue[]): string {
  const unit = unitOf(line.code, catalogue) ?? '';
  if (line.progression) return `${points(line.progression.points)} tous les ${plain(line.progression.pas)}\u00a0${unit}, ${formatNumber(line.progression.plafond)} au plus`;
  if (!line.tranches?.length) return points(line.points);
  return line.tranches
    .map((t) => `${t.de != null && t.avant != null ? `de ${plain(t.de)} à moins de ${plain(t.avant)}` : t.de != null ? `${plain(t.de)} et plus` : t.avant != null ? `moins de ${plain(t.avant)}` : 'toujours'}\u00a0${unit} : ${points(t.points)}`)
    .join(' ; ');
}

/** The first local code that a grid does not use: L01, L02… */
export function nextLocal(grid: Grille): string {
  for (let n = 1; ; n++) {
    const code = `L${String(n).padStart(2, '0')}`;
    if (!grid.criteres.some((l) => l.code === code)) return code;
  }
}
