import { describe, expect, it } from 'vitest';
import { correlation, inQuadrant, inRectangle, outliers, spaced } from './cloud';
import { histogram } from './histogram';

const dots = [{ code: 'a', x: 1, y: 2 }, { code: 'b', x: 2, y: 4 }, { code: 'c', x: 3, y: 5 }, { code: 'd', x: 4, y: 4 }, { code: 'e', x: 5, y: 5 }];

describe('a cloud of dots', () => {
  it('is brushed by any two corners', () => {
    expect([...inRectangle(dots, [3, 5], [1.5, 3.5])]).toEqual(['b', 'c']);
    expect([...inRectangle(dots, [9, 9], [8, 8])]).toEqual([]);
  });
  it('parts into four around its references, each dot once', () => {
    const parts = ['hh', 'hb', 'bh', 'bb'].map((q) => [...inQuadrant(dots, q, 3, 5)]);
    expect(parts).toEqual([['c', 'e'], ['d'], [], ['a', 'b']]);
  });
  // Σxy = 6, Σxx = 10, Σyy = 6 around the means: 6 ÷ √60.
  it('has the correlation computed by hand', () => expect(correlation(dots)).toBeCloseTo(0.7746, 4));
  it('has none when one side does not vary', () => expect(correlation(dots.map((d) => ({ ...d, x: 1 })))).toBeNull());
  it('names who stands apart', () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ code: String(i), x: i % 5, y: i % 3 }));
    expect(outliers([...many, { code: 'far', x: 40, y: 30 }], 3).map((d) => d.code)).toEqual(['far']);
    expect(outliers(dots, 3)).toEqual([]);
  });
});

describe('a histogram', () => {
  it('counts each value once, the largest in the last bin', () => expect(histogram([0, 1, 2.5, 9.9, 10, null], 10)?.counts).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 2]));
  it('needs two different values', () => expect(histogram([4, 4, null], 5)).toBeNull());
});

it('names of a chart stand on no other name, within its edges', () => {
  const names = (dots: [string, number, number, number][], most = 6) =>
    spaced(dots.map(([nom, x, y, long]) => ({ nom, x, y, long })), most, 400).map(({ dot, side }) => `${dot.nom} ${side}`);
  expect(names([['A', 100, 50, 150], ['B', 300, 55, 150]])).toEqual(['A start']);
  expect(names([['A', 100, 50, 90], ['B', 300, 55, 90]])).toEqual(['A start', 'B start']);
  expect(names([['A', 200, 50, 150], ['B', 190, 50, 150]])).toEqual(['A start', 'B end']);
  expect(names([['A', 350, 50, 150], ['B', 350, 90, 150]])).toEqual(['A end', 'B end']);
  expect(names([['A', 10, 50, 60], ['B', 10, 100, 60], ['C', 10, 150, 60]], 2)).toEqual(['A start', 'B start']);
});
