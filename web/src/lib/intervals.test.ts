import { describe, expect, it } from 'vitest';
import { intervalOf, isSignificant, twoShares, wilson } from './intervals';

describe('Wilson intervals', () => {
  // Newcombe (1998), Statistics in Medicine 17, table I, method 3.
  it.each([
    [81, 263, 25.53, 36.62],
    [15, 148, 6.24, 16.05],
    [0, 20, 0, 16.11],
    [1, 29, 0.61, 17.18],
  ])('of %i out of %i is that of the literature', (count, base, low, high) => {
    const interval = wilson(count, base);
    expect(interval?.low).toBeCloseTo(low, 2);
    expect(interval?.high).toBeCloseTo(high, 2);
  });
  it('is symmetric and stays between 0 and 100', () => {
    const [few, most] = [wilson(3, 40), wilson(37, 40)];
    expect(few?.low).toBeCloseTo(100 - (most?.high ?? 0), 9);
    expect(wilson(40, 40)?.high).toBe(100);
  });
  it('does not exist without a base', () => {
    expect(wilson(0, 0)).toBeNull();
    expect(wilson(5, 4)).toBeNull();
  });
});

describe('the difference of two shares', () => {
  it('has the z computed by hand: 0,15 ÷ √(0,425 × 0,575 × 0,02)', () => {
    expect(twoShares({ count: 35, base: 100 }, { count: 50, base: 100 })).toBeCloseTo(2.1456, 4);
    expect(twoShares({ count: 50, base: 100 }, { count: 35, base: 100 })).toBeCloseTo(-2.1456, 4);
  });
  it('is significant beyond 1,96', () => {
    expect([2, 1.9, -2.5, null].map(isSignificant)).toEqual([true, false, true, null]);
  });
  it('cannot be told when nobody, or everybody, is concerned', () => expect(twoShares({ count: 0, base: 10 }, { count: 0, base: 20 })).toBeNull());
});

describe('the interval of a figure', () => {
  const share = { valeur: 25, unite: '%', numerateur: 25, denominateur: 100, repondants: 110, secret: false };
  it('is given for shares of households', () => expect(intervalOf(share)?.low).toBeCloseTo(17.55, 2));
  it.each([
    ['secret', { ...share, secret: true }],
    ['rounded to 5 points', { ...share, numerateur: null }],
    ['of dwellings', { ...share, repondants: null }],
    ['of persons', { ...share, denominateur: 240 }],
    ['a mean', { ...share, unite: 'années' }],
  ])('is not given when the figure is %s', (_, figure) => expect(intervalOf(figure)).toBeNull());
});
