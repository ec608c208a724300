// The bar chart of resources: classes of income against the PLUS ceilings, from the cumulative indicators.

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

export const INCOME_CLASSES = ['< 20 %', '20 à 40 %', '40 à 60 %', '60 à 100 %', '≥ 100 %'];

/**
 * Indicators of the domain reference §2.6: I01, I02, I03 are shares below 20, 40, 60 % of the ceiling, I04 at or
 * above 100 %. Same denominator (resources known), so classes are differences. Nothing if one of them is secret.
 */
export const INCOME_INDICATORS = ['I01', 'I02', 'I03', 'I04'];

export function incomeBars(figures: readonly Figure[], population: string): IncomeBar[] {
  const shares = INCOME_INDICATORS.map((id) => figures.find((f) => f.indicateur === id && !f.secret)?.valeur);
  const [below20, below40, below60, above100] = shares;
  if (below20 == null || below40 == null || below60 == null || above100 == null) return [];
  const parts = [below20, below40 - below20, below60 - below40, 100 - below60 - above100, above100];
  return parts.map((part, i) => ({ population, classe: INCOME_CLASSES[i] ?? '', part: Math.max(0, part) }));
}
