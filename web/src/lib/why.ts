// What a figure rests on, in words: why it is secret, what one can do, how it stands beside another.
import { formatGap, formatValue } from './format';
import { intervalOf, isSignificant, twoShares, type Interval } from './intervals';

export interface Told {
  valeur?: number | null;
  unite: string;
  decimales: number;
  numerateur?: number | null;
  denominateur?: number | null;
  repondants?: number | null;
  secret: boolean;
  motif?: string | null;
  /** How far the protection of households may have moved it. */
  incertitude?: number | null;
}

/** « entre 21,2 et 26,9 % ». */
export function intervalText(interval: Interval): string {
  return `entre ${formatValue(interval.low, '', 1)} et ${formatValue(interval.high, '%', 1)}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Whether a figure is kept back by rights, not by secrecy: the reason of a right is a sentence, with its full stop. */
export const isReserved = (figure: { secret: boolean; motif?: string | null } | undefined): boolean => figure?.secret === true && (figure.motif ?? '').endsWith('.');

/** What stands in the place of a figure that is not shown. */
export const hiddenWord = (figure: { secret: boolean; motif?: string | null } | undefined): string => (isReserved(figure) ? 'réservé' : 'secret');

/** Why a figure is not shown, and what would show one. */
export function whySecret(motif: string | null | undefined, choice: { population: string; filters: boolean; wide: boolean }): string[] {
  // Neither wider households nor fewer filters open what rights close, and no household would be known by it.
  if (motif && isReserved({ secret: true, motif })) return [capital(motif)];
  const ways = [
    ...(choice.population === 'TOUS' ? [] : ['choisissez « Tous » les ménages']),
    ...(choice.filters ? ['retirez un filtre'] : []),
    ...(choice.wide ? [] : ['prenez une zone plus large (IRIS, quartier, commune)']),
  ];
  return [
    `${capital(motif ?? 'trop peu de ménages ont répondu')}.`,
    'Un chiffre secret n’est pas un zéro : il permettrait de reconnaître des ménages, seul ou par différence avec un autre.',
    ...(ways.length > 0 ? [`Pour voir un chiffre : ${ways.join(', ou ')}.`] : []),
  ];
}

export interface Beside {
  gap: string;
  /** `null`: not two shares of households. */
  significant: boolean | null;
}

/** A figure beside another: the gap, and whether chance would often make as large a one (indicative). */
export function beside(figure: Told, other: Told | undefined): Beside | null {
  if (!other || figure.valeur == null || other.valeur == null || figure.secret || other.secret) return null;
  const share = (f: Told): { count: number; base: number } | null => (intervalOf(f) && f.numerateur != null && f.denominateur != null ? { count: f.numerateur, base: f.denominateur } : null);
  const [a, b] = [share(other), share(figure)];
  // What the protection of households may have made of the two is no difference.
  const moved = Math.hypot(figure.incertitude ?? 0, other.incertitude ?? 0);
  return {
    gap: formatGap(figure.valeur, other.valeur, figure.unite, Math.max(figure.decimales, figure.unite === '%' ? 1 : 0)),
    significant: moved > 0 && Math.abs(figure.valeur - other.valeur) <= moved ? false : a && b ? isSignificant(twoShares(a, b)) : null,
  };
}
