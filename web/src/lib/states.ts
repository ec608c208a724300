// From what is shown to the states of the map's zones.
import { classOf } from './classes';
import { weightOf, type Shown } from './shown';

export interface ZoneState {
  code: string;
  classe: number | null;
  secret: boolean;
  n?: number;
  faible: boolean;
}

export function statesOf(shown: Shown, size: 'logements' | 'repondants'): ZoneState[] {
  return shown.codes.map((code, i) => ({
    code,
    classe: classOf(shown.valeurs[i], shown.bornes),
    secret: shown.secret[i] ?? false,
    // Secret zones have no count of households: the least disc.
    n: weightOf(shown, size, i) ?? 1,
    faible: shown.significatif?.[i] === false,
  }));
}
