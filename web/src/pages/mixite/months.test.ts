import { describe, expect, test } from 'vitest';
import type { Mixite } from '../../api/client';
import { monthly } from './months';

const line = (code: string, n: number | null, d: number | null) =>
  ({ code, scores: [{ secret: d === null, part: n !== null && d ? Math.round((1000 * n) / d) / 10 : null, numerateur: n, denominateur: d }] }) as unknown as Mixite['lignes'][number];

describe('the months of a rule', () => {
  test('add up since January', () => {
    const points = monthly({ lignes: [line('2024-01', 5, 20), line('2024-02', 10, 20)] }, 0);
    expect(points.map((p) => p.cumul)).toEqual([25, 37.5]);
    expect(points[1]?.mois).toBe(2);
  });
  test('stop adding up at a secret month, for good', () => {
    const points = monthly({ lignes: [line('2024-01', 5, 20), line('2024-02', null, null), line('2024-03', 5, 20)] }, 0);
    expect(points.map((p) => p.cumul)).toEqual([25, null, null]);
    expect(points.map((p) => p.secret)).toEqual([false, true, false]);
  });
  test('have no share without a lease', () => expect(monthly({ lignes: [line('2024-01', 0, 0)] }, 0)[0]?.cumul).toBeNull());
});
