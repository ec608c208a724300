import { describe, expect, it } from 'vitest';
import { crossing, difference, plain, trendWord, type Columns, typology, weightedQuantile, withDwellings } from './shown';
import { statesOf } from './states';

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
  it('is that of the two values as they are written beside it', () => {
    const of = (value: number) => ({ ...columns([['a', value, 9, 15]]), unite: 'personnes' });
    expect(difference(of(2.26), of(2.34), 'neutre', 'evolution').valeurs).toEqual([0]);
    expect(difference(of(5.15), of(5.64), 'neutre', 'evolution').valeurs).toEqual([0.4]);
  });
  it('is never significant with few of them', () => expect(difference(columns([['a', 20, 40, 200]]), columns([['a', 60, 9, 15]]), 'fragilite', 'ecart').significatif).toEqual([false]));
});

describe('values', () => {
  const values = columns([['a', 12, 12, 100], ['b', 18, 18, 100], ['c', 26, 26, 100], ['d', 47, 47, 100]]);
  it('have classes of equal numbers unless another way is asked', () => {
    expect(plain(values, 'fragilite', { classes: 5, method: 'quantiles' }).bornes).toEqual([15, 20, 40]);
    expect(plain(values, 'fragilite', { classes: 3, method: 'quantiles' }).bornes).toHaveLength(2);
  });
  it('that are mostly zero are still parted', () => {
    const zeros = columns([...Array.from({ length: 20 }, (_, i): [string, number, number, number] => [`z${i}`, 0, 0, 100]), ['a', 40, 40, 100], ['b', 42, 42, 100]], { bornes: [] });
    const { bornes } = plain(zeros, 'neutre', { classes: 5, method: 'quantiles' });
    expect(bornes.length).toBeGreaterThan(0);
    expect(Math.min(...bornes)).toBeGreaterThan(0);
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

it('zones that a filter empties are neither secret nor counted', () => {
  const values = columns([['a', 12, 12, 100], ['b', null, null, null], ['c', null, null, null]], { logements: [40, 0, 7] });
  const kept = withDwellings(values);
  expect([kept.codes, kept.secret, kept.logements]).toEqual([['a', 'c'], [false, true], [40, 7]]);
});

describe('a change in words', () => {
  it.each([[0.4, 'stable'], [-1.9, 'stable'], [2, 'hausse modérée'], [-5, 'baisse modérée'], [5.1, 'hausse forte'], [-8, 'baisse forte']])('%d point is « %s »', (points, word) => expect(trendWord(points)).toBe(word));
});

describe('a typology', () => {
  const rows = (v: (number | null)[]): [string, number | null, number | null, number | null][] => v.map((x, i) => [String.fromCharCode(97 + i), x, x, 100]);
  const now = columns(rows([10, 20, 30, 40, 60, 70, 80, null]), { vague: 2024 });
  it('calls fragile the worst quarter of the dwellings, and looks at its past', () => {
    // Weights are equal: three quarters are reached at the sixth of seven values.
    expect(weightedQuantile(now.valeurs, now.logements, 0.75)).toBe(70);
    const before = columns(rows([10, 20, 30, 40, 60, 69, 70, 5]), { vague: 2022 });
    expect(typology(now, before, 'fragilite').valeurs).toEqual([0, 0, 1, 1, 1, 3, 4, null]);
  });
  it('turns round where less is worse, and says when the past is not known', () => {
    const before = columns(rows([15, null, 30, 40, 60, 70, 80, 5]), { vague: 2022 });
    expect(typology(now, before, 'aisance').valeurs).toEqual([4, 2, 1, 1, 1, 0, 0, null]);
  });
  it('weighs zones by their dwellings', () => expect(weightedQuantile([1, 2, 3], [10, 10, 80], 0.25)).toBe(3));
  it('has a name and a colour for each type', () => {
    const shown = typology(now, columns(rows([1]), { vague: 2022 }), 'fragilite');
    expect([shown.labels?.length, shown.colors.length, shown.bornes.length]).toEqual([5, 5, 4]);
    expect(shown.rule).toContain('quart des logements');
  });
});

describe('breaks of one\'s own', () => {
  const values = columns([['a', 5, 5, 100], ['b', 15, 15, 100], ['c', 25, 25, 100]]);
  const own = { classes: 5, method: 'manuel' as const, breaks: { of: values.indicateur, at: [10, 20] } };
  it('hold as they were typed, even where a class stays empty', () => {
    expect(plain(values, 'fragilite', own).bornes).toEqual([10, 20]);
    expect(plain(values, 'fragilite', { ...own, breaks: { of: values.indicateur, at: [50] } })).toMatchObject({ bornes: [50], rule: 'Seuils choisis' });
  });
  it('do not hold for another indicator', () => expect(plain(values, 'fragilite', { ...own, breaks: { of: 'P99', at: [50] } }).bornes).toEqual(plain(values, 'fragilite', { classes: 5, method: 'quantiles' }).bornes));
});

describe('two indicators at once', () => {
  const codes = ['a', 'b', 'c', 'd', 'e', 'f'];
  const first = columns(codes.map((c, i) => [c, (i + 1) * 10, i, 100]));
  // The other way round, in another order, one zone missing and one secret.
  const second = columns([['f', 10, 1, 100], ['d', 30, 1, 100], ['c', 40, 1, 100], ['b', 50, 1, 100], ['a', null, null, null]]);
  const shown = crossing(first, second, ['A', 'B']);
  it('place a zone only where both are published, each by its own third', () => {
    expect(shown.valeurs[0]).toBeNull();
    expect(shown.secret[0]).toBe(true);
    expect(shown.valeurs[4]).toBeNull();
    expect(shown.secret[4]).toBe(false);
    // Of the four that have both: a third of each, in opposite orders.
    const place = (i: number): [number, number] => [(shown.valeurs[i] ?? 0) % (shown.croix?.columns ?? 1), Math.floor((shown.valeurs[i] ?? 0) / (shown.croix?.columns ?? 1))];
    expect(place(1)[0]).toBe(0);
    expect(place(5)).toEqual([(shown.croix?.columns ?? 0) - 1, 0]);
    expect(place(1)[1]).toBe((shown.croix?.rows ?? 0) - 1);
  });
  it('have a colour, a name and a state for each place', () => {
    const places = (shown.croix?.columns ?? 0) * (shown.croix?.rows ?? 0);
    expect([shown.colors.length, shown.labels?.length, shown.bornes.length]).toEqual([places, places, places - 1]);
    expect(new Set(shown.colors).size).toBe(places);
    expect(statesOf(shown, 'logements').map((s) => s.classe)).toEqual(shown.valeurs);
  });
  it('are one place where nothing differs', () => {
    const flat = columns(codes.map((c) => [c, 10, 1, 100]));
    expect(crossing(flat, flat, ['A', 'B'])).toMatchObject({ valeurs: [0, 0, 0, 0, 0, 0], bornes: [], colors: ['#dcd8f2'] });
  });
});
