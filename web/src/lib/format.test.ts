import { describe, expect, it } from 'vitest';
import { counted, breakDecimals, fileName, fileNumber, columnDecimals, formatChange, formatGap, formatNumber, formatPublished, formatShare, formatShown, formatValue } from './format';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('numbers on screen', () => {
  it('groups thousands and writes a decimal comma', () => {
    expect(plain(formatNumber(12450))).toBe('12 450');
    expect(plain(formatNumber(1234.5, 1))).toBe('1 234,5');
  });
  it('never breaks a line between a number and its unit', () => {
    expect(formatValue(24, '%')).toBe('24\u00a0%');
    expect(formatNumber(12450)).toMatch(/^12[\u00a0\u202f]450$/);
  });
  it('does not write the unit of a count', () => expect(plain(formatValue(812, 'nombre'))).toBe('812'));
  it('shows a missing value as a dash, not as zero', () => {
    expect(formatValue(null, '%')).toBe('—');
    expect(formatNumber(undefined)).toBe('—');
    expect(formatValue(0, '%')).toBe('0\u00a0%');
  });
  it('writes gaps between shares in points, with a true minus', () => {
    expect(plain(formatGap(24, 22.1, '%', 1))).toBe('+1,9 pt');
    expect(plain(formatGap(14.6, 19.2, '%', 1))).toBe('−4,6 pts');
    expect(plain(formatGap(5, 5, '%', 1))).toBe('0,0 pt');
    expect(plain(formatGap(6.2, 5.9, '€/m²', 1))).toBe('+0,3 €/m²');
  });
  it('writes a response rate as a whole percentage', () => expect(plain(formatShare(0.856))).toBe('86 %'));
});

describe('decimals of class breaks', () => {
  it('are as few as keep breaks apart and true', () => {
    expect(breakDecimals([10, 15, 20])).toBe(0);
    expect(breakDecimals([10.2, 10.8, 20])).toBe(1);
    expect(breakDecimals([5.11, 5.14])).toBe(2);
  });
});

describe('a number with its word', () => {
  it.each([[0, '0 bail'], [1, '1 bail'], [2, '2 baux'], [1200, '1 200 baux']])('%d', (n, text) => expect(plain(counted(n, 'bail', 'baux'))).toBe(text));
});

describe('files', () => {
  it('write numbers with a comma and no grouping, missing ones empty', () => {
    expect(fileNumber(12450.5)).toBe('12450,5');
    expect(fileNumber(24, 1)).toBe('24,0');
    expect(fileNumber(null)).toBe('');
  });
  it('have names that any system takes', () => {
    expect(fileName(['Cœur de Villeneuve / Été', 'ops-2024', ''], 'csv')).toBe('mosaique_coeur-de-villeneuve-ete_ops-2024.csv');
  });
});

describe('a change', () => {
  it('has its sign and a unit in the singular under two', () => {
    expect([formatChange(2.1, 'pts'), formatChange(-0.44, 'pts'), formatChange(0, 'pts'), formatChange(12, 'nombre', 0)].map(plain)).toEqual(['+2,1 pts', '−0,4 pt', '0,0 pt', '+12']);
  });
  it('is said with what makes it sure, and never where a figure is secret', () => {
    const shown = { kind: 'evolution', unite: 'pts', labels: null, valeurs: [3, -1, null, null], secret: [false, false, true, false], significatif: [true, false, null, null] };
    expect([0, 1, 2, 3].map((i) => formatShown(shown, i)).map((s) => [plain(s.text), s.note])).toEqual([
      ['+3,0 pts', 'écart significatif (indicatif)'], ['−1,0 pt', 'écart non significatif (indicatif)'], ['secret statistique', 'pour l’un des deux chiffres'], ['pas comparable', ''],
    ]);
  });
});

it('a share is written with the decimals that it was published with', () => {
  expect([91, 90.5, null].map((v) => plain(formatPublished(v, '%')))).toEqual(['91 %', '90,5 %', '—']);
  expect([plain(formatPublished(61, 'm²')), plain(formatPublished(812, 'nombre'))]).toEqual(['61,0 m²', '812']);
});

it('figures of a column are written alike: with a decimal as soon as one has it', () => {
  expect([columnDecimals([4, 4.2, null], '%'), columnDecimals([4, 90, undefined], '%'), columnDecimals([5, 6], '€/m²'), columnDecimals([12, 3], 'nombre')]).toEqual([1, 0, 1, 0]);
});
