import { describe, expect, test } from 'vitest';
import { colours, inside, PALETTE } from './couleurs';

const at = (code: string, lon: number, lat: number): { code: string; adresses: { lon: number; lat: number }[] } => ({ code, adresses: [{ lon, lat }] });

describe('colours of residences', () => {
  test('neighbours differ as long as there are colours', () => {
    const row = PALETTE.map((_, i) => at(`R${i}`, 5 + i / 1000, 45));
    expect(new Set(colours(row).values()).size).toBe(PALETTE.length);
  });
  test('the order of the list does not matter', () => {
    const list = Array.from({ length: 40 }, (_, i) => at(`R${i}`, 5 + ((i * 7) % 13) / 100, 45 + ((i * 5) % 11) / 100));
    expect([...colours([...list].reverse())].sort()).toEqual([...colours(list)].sort());
  });
});

describe('an outline', () => {
  const horseshoe = [[0, 0], [10, 0], [10, 10], [7, 10], [7, 3], [3, 3], [3, 10], [0, 10]] as const;
  test('holds what lies in it, not what it goes round', () => {
    expect(inside(horseshoe, 1, 5)).toBe(true);
    expect(inside(horseshoe, 5, 1)).toBe(true);
    expect(inside(horseshoe, 5, 6)).toBe(false);
    expect(inside(horseshoe, 12, 5)).toBe(false);
    expect(inside([], 0, 0)).toBe(false);
  });
});
