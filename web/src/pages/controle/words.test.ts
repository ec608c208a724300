import { describe, expect, test } from 'vitest';
import { headline, readField, severity, verdictName } from './words';

describe('a verdict in words', () => {
  test('puts the worst first', () => expect(severity('contraire')).toBeLessThan(severity('attention')));
  test('never takes what cannot be judged for conforming', () => {
    expect(verdictName('indeterminable')).toBe('Indéterminable');
    expect(headline('indeterminable')).not.toMatch(/conforme/);
  });
});

describe('a field of a number', () => {
  test('is read as French people write it', () => expect(readField('1\u202f750,50 €')).toBe(1750.5));
  test('is missing when empty, never zero', () => expect(readField(' ')).toBeNull());
  test('is no number when it is none', () => expect(readField('abc')).toBeNaN());
});
