// Colours that say something, by the theme's variables (`theme.css`). In a style or an attribute of SVG they follow the
// theme by themselves; a canvas or the map knows no variables and asks for the value of now.

export type Colour =
  | 'ink' | 'ink-2' | 'ink-3' | 'line' | 'line-2' | 'paper' | 'wash' | 'accent' | 'drawn'
  | 'good' | 'bad' | 'fill' | 'fill-good' | 'fill-bad' | 'track' | 'mark-dark' | 'mark-warm' | 'mark-pale';

/** For a style, or an attribute of SVG. */
export const of = (name: Colour): string => `var(--${name})`;

/** The value of now, for a canvas or the map. */
export const valueOf = (name: Colour): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** From in a priority district to far from any: dark to pale, told apart without hue. Data: the same in both themes. */
export const NEARNESS = ['#8c3b1e', '#d18b52', '#ecc9a0', '#d5dcdf'] as const;
/** A residence in a priority district, and out of any. */
export const DISTRICT = { dans: '#a84a1f', hors: '#4f8296' } as const;
/** Classes of residences, from balanced to very fragile; ink on them is `--on-pale`. */
export const FRAGILITY: Record<string, string> = { equilibree: '#dcebe3', surveiller: '#fbeac4', fragile: '#f4cdb4', tres_fragile: '#eab3a3' };
