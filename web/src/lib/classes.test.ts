import { describe, expect, it } from 'vitest';
import { classOf, cleanBreaks, colors, legend } from './classes';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('classes', () => {
  it('hold their lower break and not their upper one', () => {
    expect(classOf(9.99, [10, 20])).toBe(0);
    expect(classOf(10, [10, 20])).toBe(1);
    expect(classOf(20, [10, 20])).toBe(2);
  });
  it('take zero but not a missing value', () => {
    expect(classOf(0, [10])).toBe(0);
    expect(classOf(null, [10])).toBeNull();
  });
  it('come from breaks that are sorted, different and at most six', () => {
    expect(cleanBreaks([20, 10, 10, Number.NaN])).toEqual([10, 20]);
    expect(cleanBreaks([1, 2, 3, 4, 5, 6, 7])).toHaveLength(6);
  });
});

describe('the legend', () => {
  it('names the ends openly and counts each zone once', () => {
    const rows = legend([5, 10, 12, 30, null], [10, 20], 'fragilite', '%');
    expect(rows.map((r) => plain(r.label))).toEqual(['moins de 10 %', '10 à 20 %', '20 % et plus']);
    expect(rows.map((r) => r.count)).toEqual([1, 2, 1]);
  });
  it('has one row without breaks', () => {
    expect(legend([3, 3], [], 'neutre', 'nombre').map((r) => r.label)).toEqual(['toutes les valeurs']);
  });
});

/** Relative luminance of WCAG 2. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe('palettes', () => {
  it.each(['fragilite', 'aisance', 'neutre'])('%s darkens by clear steps, so that it reads without colour vision', (sens) => {
    const steps = colors(sens, 5).map((c) => 116 * Math.cbrt(luminance(c)) - 16);
    for (let i = 1; i < steps.length; i += 1) expect((steps[i - 1] ?? 0) - (steps[i] ?? 0)).toBeGreaterThan(11);
  });
  it('gives one colour a class and a neutral palette to an unknown direction', () => {
    for (const n of [1, 2, 3, 4, 5]) expect(colors('fragilite', n)).toHaveLength(n);
    expect(colors('autre', 5)).toEqual(colors('neutre', 5));
  });
});
