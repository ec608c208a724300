// Figures over the waves, as lines of a chart.
import { intervalOf, type Interval } from './intervals';
import type { Told } from './why';

export interface Series {
  nom: string;
  points: { wave: number; value: number; interval: Interval | null }[];
}

/** A line of the figures that may be shown, oldest first; `null` when there are not two. */
export function seriesOf(nom: string, figures: readonly { wave: number; figure: Told | undefined }[]): Series | null {
  const points = figures
    .flatMap(({ wave, figure }) => (figure && !figure.secret && figure.valeur != null ? [{ wave, value: figure.valeur, interval: intervalOf(figure) }] : []))
    .sort((a, b) => a.wave - b.wave);
  return points.length >= 2 ? { nom, points } : null;
}
