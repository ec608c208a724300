import { describe, expect, it } from 'vitest';
import { difference, plain, trendWord, type Columns } from './shown';

const columns = (rows: [string, number | null, number | null, number | null][], more: Partial<Columns> = {}): Columns => ({
  echelle: 'iris', indicateur: 'I01', unite: '%',
  codes: rows.map(([code]) => code), noms: rows.map(([code]) => code),
  valeurs: rows.map(([, v]) => v), secret: rows.map(([, v]) => v === null),
  numerateurs: rows.map(([, , n]) => n), denominateurs: rows.map(([, , , d]) => d), repondants: rows.map(([, , , d]) => d),
  logements: rows.map(() => 100), reference: { nom: 'Territoire', valeur: 20 }, bornes: [10, 20, 30, 40], ...more,
});

describe('a difference', () => {
  const before = columns([['a', 20, 40, 200], ['b', 30, 30, 100], ['c', null, null, null], ['d', 10, null, 60], ['gone', 5, 5, 100]]);
  const after = columns([['a', 30, 60, 200], ['b', 31, 31, 100], ['c', 22, 22, 100], ['d', 20, 12, 60], ['new', 9, 9, 100]], { reference: { nom: 'Territoire', valeur: 23 } });
  const shown = difference(before, after, 'fragilite', 'evolution');
  it('is taken only where both are published and exact', () => expect(shown.valeurs).toEqual([10, 1, null, null, null]));
  it('says what is secret at either date and counts what was rounded', () => {
    expect(shown.secret).toEqual([false, false, true, false, false]);
    expect(shown.ecartes).toBe(1);
  });
  // a: pooled 0.25, se 0.0433, z 2.31; b: z 0.15.
  it('is flagged when it is larger than chance', () => expect(shown.significatif).toEqual([true, false, null, null, null]));
  it('is in points, around the change of the reference', () => {
    expect([shown.unite, shown.reference?.valeur, shown.bornes]).toEqual(['pts', 3, [-5, -2, 2, 5]]);
    expect(shown.colors).toHaveLength(5);
  });
  it('has classes on both sides of zero in any unit', () => {
    const years = difference({ ...before, unite: 'années' }, { ...after, unite: 'années' }, 'neutre', 'evolution');
    expect(years.unite).toBe('années');
    expect(years.bornes).toEqual([...years.bornes].map((b) => -b).reverse());
  });
});

describe('a gap of recent movers', () => {
  it('is never significant with few of them', () => expect(difference(columns([['a', 20, 40, 200]]), columns([['a', 60, 9, 15]]), 'fragilite', 'ecart').significatif).toEqual([false]));
});

describe('values', () => {
  const values = columns([['a', 12, 12, 100], ['b', 18, 18, 100], ['c', 26, 26, 100], ['d', 47, 47, 100]]);
  it('keep the breaks of the server until another way is asked', () => {
    expect(plain(values, 'fragilite', { classes: 5, method: 'quantiles' }).bornes).toEqual([10, 20, 30, 40]);
    expect(plain(values, 'fragilite', { classes: 3, method: 'quantiles' }).bornes).not.toEqual([10, 20, 30, 40]);
  });
  it('have as many colours as classes', () => {
    for (const method of ['quantiles', 'jenks', 'reference'] as const) {
      for (const classes of [3, 4, 5, 6, 7]) {
        const shown = plain(values, 'fragilite', { classes, method });
        expect(shown.colors).toHaveLength(shown.bornes.length + 1);
      }
    }
  });
});

describe('a change in words', () => {
  it.each([[0.4, 'stable'], [-1.9, 'stable'], [2, 'hausse modérée'], [-5, 'baisse modérée'], [5.1, 'hausse forte'], [-8, 'baisse forte']])('%d point is « %s »', (points, word) => expect(trendWord(points)).toBe(word));
});
