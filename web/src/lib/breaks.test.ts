import { describe, expect, it } from 'vitest';
import { aroundReference, breaksOf, equalCounts, jenks, readBreaks, roundest, writeBreaks } from './breaks';
import { classOf } from './classes';

/** Sum of squared distances to the mean of each group. */
function spread(sorted: readonly number[], breaks: readonly number[]): number {
  const groups = new Map<number, number[]>();
  for (const v of sorted) {
    const g = breaks.filter((b) => b <= v).length;
    groups.set(g, [...(groups.get(g) ?? []), v]);
  }
  return [...groups.values()].reduce((total, g) => {
    const mean = g.reduce((s, v) => s + v, 0) / g.length;
    return total + g.reduce((s, v) => s + (v - mean) ** 2, 0);
  }, 0);
}

/** Every way to cut the values, the slow way. */
function leastSpread(sorted: readonly number[], classes: number): number {
  const distinct = [...new Set(sorted)];
  const choose = (from: number, left: number): number[][] => (left === 0 ? [[]] : distinct.slice(from).flatMap((v, i) => choose(from + i + 1, left - 1).map((rest) => [v, ...rest])));
  return Math.min(...choose(1, classes - 1).map((breaks) => spread(sorted, breaks)));
}

describe('Jenks', () => {
  it('finds the groups that the eye sees', () => expect(jenks([1, 2, 2, 3, 20, 21, 22, 50, 51], 3)).toEqual([20, 50]));
  it('varies as little within classes as the best of all ways to cut', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let round = 0; round < 40; round += 1) {
      const values = Array.from({ length: 5 + (round % 8) }, () => Math.round(random() * 60)).sort((a, b) => a - b);
      const classes = Math.min(2 + (round % 3), new Set(values).size);
      if (classes < 2) continue;
      expect(spread(values, jenks(values, classes)), values.join()).toBeCloseTo(leastSpread(values, classes), 6);
    }
  });
  it('takes 35 000 values in well under a second', () => {
    const values = Array.from({ length: 35_000 }, (_, i) => Math.sqrt(i) * 1.234567);
    const start = performance.now();
    expect(jenks(values, 7)).toHaveLength(6);
    expect(performance.now() - start).toBeLessThan(700);
  });
});

/** How many values each class holds. */
const countsOf = (values: readonly number[], breaks: readonly number[]): number[] => {
  const counts = new Array<number>(breaks.length + 1).fill(0);
  for (const v of values) counts[classOf(v, breaks) ?? 0] = (counts[classOf(v, breaks) ?? 0] ?? 0) + 1;
  return counts;
};

describe('equal counts', () => {
  it('are equal to one zone, whatever the values, when all differ', () => {
    let seed = 11;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let n = 7; n < 60; n += 1) {
      const values = [...new Set(Array.from({ length: n }, () => Math.round(random() * 4000) / 100))].sort((a, b) => a - b);
      for (const classes of [3, 4, 5, 6, 7]) {
        const counts = countsOf(values, equalCounts(values, classes));
        expect(counts, values.join()).toHaveLength(classes);
        expect(Math.max(...counts) - Math.min(...counts), `${counts.join()} of ${values.join()}`).toBeLessThanOrEqual(1);
      }
    }
  });
  it('leave no class empty when values crowd together', () => {
    const values = [12.4, 14.1, 14.2, 14.3, 15.8, 15.9, 15.95, 16, 16.02, 16.1, 21, 22, 23.4, 24, 25, 31];
    expect(countsOf(values, equalCounts(values, 5)).every((c) => c === 3 || c === 4)).toBe(true);
  });
  it('keep equal values together, with fewer classes rather than an empty one', () => {
    const values = [0, 0, 0, 0, 0, 0, 0, 1, 2, 3];
    const counts = countsOf(values, equalCounts(values, 5));
    expect(counts[0]).toBe(7);
    expect(counts.every((c) => c > 0)).toBe(true);
  });
  it('read well: many zones move by two in a hundred for a rounder number', () => {
    const values = Array.from({ length: 5000 }, (_, i) => i * 0.013);
    for (const b of equalCounts(values, 5)) expect(String(b).length).toBeLessThanOrEqual(4);
  });
  it('take 35 000 values in well under a second', () => {
    const start = performance.now();
    equalCounts(Array.from({ length: 35_000 }, (_, i) => i), 7);
    expect(performance.now() - start).toBeLessThan(300);
  });
});

describe('the roundest number', () => {
  it.each([[14.2, 14.6, 14.5], [9, 11, 10], [0.113, 0.118, 0.115], [-4, -2, -2], [-1, 2, 0], [3, 4, 4], [14.27, 14.28, 14.28]])('above %d and not above %d is %d', (low, high, expected) => expect(roundest(low, high)).toBe(expected));
});

describe('breaks around a reference', () => {
  // Standard deviation 10: steps of 5.
  const values = [10, 30];
  it('have it in the middle class when classes are odd', () => expect(aroundReference(values, 5, 22)).toEqual([14.5, 19.5, 24.5, 29.5]));
  it('have it between the two middle ones when they are even', () => expect(aroundReference(values, 4, 22)).toEqual([17, 22, 27]));
});

describe('breaks that one types', () => {
  it.each([
    ['10 ; 20,5 ; 30', [10, 20.5, 30]], ['30;10;20', [10, 20, 30]], ['10 20 30', [10, 20, 30]], ['10, 20,5, 30', [10, 20.5, 30]], ['1 200 ; 2 500', [1200, 2500]], ['−2 ; 2', [-2, 2]],
    ['10 % ; 20 %', [10, 20]], ['5;5;5', [5]],
  ])('« %s » are read', (text, breaks) => expect(readBreaks(text)).toEqual({ breaks, error: null }));
  it.each(['', ' ; ', 'dix ; vingt', '10,20,30', '1;2;3;4;5;6;7', '1e3'])('« %s » is refused with what to do, and gives none', (text) => {
    const { breaks, error } = readBreaks(text);
    expect(breaks).toEqual([]);
    expect(error).toMatch(/seuil/);
  });
  it('are written as they are read', () => expect(readBreaks(writeBreaks([-1.5, 10, 20.25])).breaks).toEqual([-1.5, 10, 20.25]));
});

describe('the breaks of a map', () => {
  it.each(['quantiles', 'jenks'] as const)('by %s are round, growing and inside the values', (method) => {
    const breaks = breaksOf(Array.from({ length: 400 }, (_, i) => 3 + (i * i) / 2500), 6, method, null);
    expect(breaks).toHaveLength(5);
    breaks.forEach((b, i) => {
      expect(b).toBeGreaterThan(i === 0 ? 3 : (breaks[i - 1] ?? 0));
      expect(b).toBeLessThanOrEqual(67);
      expect(String(b).length).toBeLessThanOrEqual(5);
    });
  });
  it('are none when all values are equal or missing', () => {
    expect(breaksOf([5, 5, null], 5, 'jenks', 5)).toEqual([]);
    expect(breaksOf([null], 5, 'quantiles', null)).toEqual([]);
  });
});
