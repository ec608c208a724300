// The bar chart of resources: shares of households by class of income against the PLUS ceilings.

export interface Figure {
  indicateur: string;
  valeur?: number | null;
  secret: boolean;
}

export interface IncomeBar {
  population: string;
  classe: string;
  /** Percent of the households whose resources are known. */
  part: number;
}

/** Classes as observatories print them, and the indicator of each (data/indicators.toml). */
const CLASSES = [
  ['< 20', 'I_PLAF_0_20'],
  ['20 à 40', 'I_PLAF_20_40'],
  ['40 à 60', 'I_PLAF_40_60'],
  ['60 à 80', 'I_PLAF_60_80'],
  ['80 à 100', 'I_PLAF_80_100'],
  ['≥ 100', 'I04'],
] as const;

export const INCOME_CLASSES: string[] = CLASSES.map(([name]) => name);
export const INCOME_INDICATORS: string[] = CLASSES.map(([, id]) => id);

/** One bar a class that may be shown; a secret class has none. Nothing at all when fewer than half can be shown. */
export function incomeBars(figures: readonly Figure[], population: string): IncomeBar[] {
  const bars = CLASSES.flatMap(([classe, id]): IncomeBar[] => {
    const figure = figures.find((f) => f.indicateur === id);
    return figure && !figure.secret && figure.valeur != null ? [{ population, classe, part: figure.valeur }] : [];
  });
  return bars.length * 2 >= CLASSES.length ? bars : [];
}
