// Figures that were moved to protect households: how far, and where the note that says so belongs.
import type { Chiffre } from '../api/client';
import { formatNumber } from './format';

/** What stands beside such a figure says. */
export const MOVED = 'Effectifs déplacés pour protéger les ménages : à 95 %, la valeur est à moins de cela.';

/** « ± 2,3 » beside a figure that was moved; nothing beside another, or one that is not shown. */
export const margin = (figure: Chiffre | undefined): string =>
  figure?.incertitude == null || figure.secret ? '' : `\u00a0±\u00a0${formatNumber(figure.incertitude, 1)}`;

/** The server notes once, for all that it was asked, what « ± » means: it is told where such figures stand, and nowhere else. */
const isNote = (warning: string): boolean => warning.includes('« ± »');
export const otherNotes = (warnings: readonly string[]): string[] => warnings.filter((w) => !isNote(w));
export function movedNote(figures: readonly (Chiffre | undefined)[], warnings: readonly string[]): string | null {
  return figures.some((f) => margin(f) !== '') ? (warnings.find(isNote) ?? null) : null;
}
