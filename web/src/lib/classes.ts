// Classes of a choropleth: which one a value falls in, how they are named, which colour they take.
import { along } from './palettes';
import { breakDecimals, formatNumber, formatValue } from './format';

/** Light to dark; told apart in grey and with the usual colour-vision deficiencies (one hue each, lightness steps of 11 and more). */
const PALETTES = {
  fragilite: ['#fbe0bd', '#eeb97c', '#d98a4f', '#b3562f', '#762a19'],
  aisance: ['#c9eae2', '#98cac3', '#64a8a7', '#358188', '#125058'],
  neutre: ['#dcd8f2', '#bdb6dd', '#9890c4', '#6d64a4', '#423a79'],
} as const;

/** Picks of the five colours when there are fewer classes, so that contrast stays. */
const PICKS: Record<number, number[]> = { 1: [2], 2: [1, 3], 3: [0, 2, 4], 4: [0, 1, 3, 4], 5: [0, 1, 2, 3, 4] };

export interface LegendClass {
  /** 0 is the lowest. */
  index: number;
  color: string;
  /** « moins de 10 », « 10 à moins de 15 », « 25 et plus ». */
  label: string;
  /** Zones in the class. */
  count: number;
}

/** Breaks as the map uses them: finite, ascending, each once, at most six. */
export function cleanBreaks(breaks: readonly number[]): number[] {
  return [...new Set(breaks.filter(Number.isFinite))].sort((a, b) => a - b).slice(0, 6);
}

/** Classes hold their lower break: with [10, 20], 10 is in the second class. `null` has none. */
export function classOf(value: number | null | undefined, breaks: readonly number[]): number | null {
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  return breaks.filter((b) => b <= value).length;
}

/** Colours from light to dark for so many classes; `sens` is the indicator's direction. */
export function colors(sens: string, classes: number): string[] {
  const palette = PALETTES[sens as keyof typeof PALETTES] ?? PALETTES.neutre;
  if (classes > 5) return along(palette, classes);
  const pick = PICKS[Math.max(1, classes)] ?? [2];
  return pick.map((i) => palette[i] ?? palette[2]);
}

/** The legend of these values: one row a class. */
export function legend(values: readonly (number | null)[], breaks: readonly number[], sens: string, unit: string, palette = colors(sens, cleanBreaks(breaks).length + 1)): LegendClass[] {
  const clean = cleanBreaks(breaks);
  const decimals = breakDecimals(clean);
  const counts = new Array<number>(clean.length + 1).fill(0);
  for (const value of values) {
    const index = classOf(value, clean);
    if (index !== null) counts[index] = (counts[index] ?? 0) + 1;
  }
  return palette.map((color, index) => ({ index, color, count: counts[index] ?? 0, label: label(index, clean, unit, decimals) }));
}

function label(index: number, breaks: readonly number[], unit: string, decimals: number): string {
  const low = breaks[index - 1];
  const high = breaks[index];
  if (low === undefined && high === undefined) return 'toutes les valeurs';
  if (low === undefined) return `moins de ${formatValue(high, unit, decimals)}`;
  if (high === undefined) return `${formatValue(low, unit, decimals)} et plus`;
  return `${formatNumber(low, decimals)} à ${formatValue(high, unit, decimals)}`;
}
