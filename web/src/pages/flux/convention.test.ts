// What a form of a convention reads and says.
import { describe, expect, test } from 'vitest';
import { blank, changes, delaysOf, delaysText, holderOf, numberOf } from './convention';

describe('a convention in its form', () => {
  test('delays by typology come back as they were written, and what cannot be read is told', () => {
    expect(delaysOf('T4=30 t5+=45')).toEqual({ T4: 30, 'T5+': 45 });
    expect(delaysText({ T4: 30, 'T5+': 45 })).toBe('T4=30 T5+=45');
    expect(delaysOf('')).toEqual({});
    expect(delaysOf('T4:30')).toBeNull();
    expect(delaysOf('T9=30')).toBeNull();
  });
  test('an empty number is none, zero is zero', () => {
    expect([numberOf(''), numberOf(null), numberOf(0), numberOf('12')]).toEqual([null, null, 0, 12]);
  });
  test('a réservataire may say which one it is', () => {
    expect(holderOf('COMMUNE:73065')).toEqual({ kind: 'COMMUNE', which: '73065' });
    expect(holderOf('ETAT_PRIO')).toEqual({ kind: 'ETAT_PRIO', which: '' });
  });
  test('what an amendment changes is said field by field', () => {
    const before = blank();
    expect(changes(before, before)).toEqual([]);
    expect(changes(before, { ...before, part: 12.5, denoncee: '2026-03-01' })).toEqual(['part : 0 → 12,5', 'dénonciation : rien → 2026-03-01']);
  });
});
