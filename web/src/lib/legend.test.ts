import { describe, expect, it } from 'vitest';
import { mapLegend, nameOf, type LegendQuestion } from './legend';
import { counted, difference, plain as shownOf, type Columns } from './shown';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');
const columns = (valeurs: (number | null)[], secret: number[] = [], more: Partial<Columns> = {}): Columns => ({
  echelle: 'commune', indicateur: 'I02', unite: '%', codes: valeurs.map((_, i) => `c${i}`), noms: valeurs.map((_, i) => `Commune ${i}`), valeurs,
  secret: valeurs.map((_, i) => secret.includes(i)), repondants: valeurs.map(() => 100), numerateurs: valeurs.map((v) => v), denominateurs: valeurs.map(() => 100),
  logements: valeurs.map((_, i) => 100 * (i + 1)), reference: { nom: 'Territoire', valeur: 21 }, bornes: [], ...more,
});
const ask = (shown: LegendQuestion['shown'], more: Partial<LegendQuestion> = {}) => mapLegend({
  shown, indicator: { libelle: 'Ménages sous 40 %', sens: 'fragilite', domaine: 'occupation' }, scale: { id: 'commune', libelle: 'Commune', zones: 20 }, place: '98 communes',
  population: 'TOUS', size: 'logements', circles: false, limited: false, filtered: false, source: '', years: [2024], generation: '2024', qpv: true, ...more,
});
const kinds = (legend: ReturnType<typeof ask>): string[] => legend.others.map((r) => `${r.id}:${r.mark.kind}`);

describe('the legend of a map', () => {
  const values = columns([10, 12, 15, 20, 22, 25, 30, 31, 40, 41, null, null, null], [10, 11]);
  const shown = shownOf(values, 'fragilite', { classes: 5, method: 'quantiles' });
  it('has, for each class, the colour that is painted and equal numbers of zones, the highest first', () => {
    const legend = ask(shown);
    expect(legend.classes.map((r) => r.count)).toEqual([2, 2, 2, 2, 2]);
    expect(legend.classes.map((r) => (r.mark.kind === 'fill' ? r.mark.color : ''))).toEqual([...shown.colors].reverse());
  });
  it('counts zones in words that agree', () => {
    expect(plain(ask(shown).foot)).toMatch(/^13 communes/);
    expect(plain(ask(shownOf(columns([10]), 'fragilite', { classes: 5, method: 'quantiles' })).foot)).toMatch(/^1 commune\b(?!s)/);
  });
  it('tells secrecy, what has no value and what has no dwelling apart, each with its number', () => {
    const legend = ask(shown);
    expect(kinds(legend)).toEqual(['secret:hatch', 'sans:dots', 'vide:land', 'qpv:line']);
    expect(legend.others.slice(0, 3).map((r) => r.count)).toEqual([2, 1, 7]);
  });
  it('counts every zone of the scale once', () => {
    const all = [...ask(shown).classes, ...ask(shown).others].reduce((sum, r) => sum + (r.count ?? 0), 0);
    expect(all).toBe(20);
  });
  it('says who, by what, and where; the reference has the name of the territory', () => {
    const legend = ask(shown);
    expect([legend.subtitle, legend.place]).toEqual(['Tous les ménages, par commune', '98 communes']);
    expect(legend.classes.flatMap((r) => (r.reference ? [`${r.reference.nom} : ${plain(r.reference.value)}`] : []))).toEqual(['l’ensemble des 98 communes : 21,0 %']);
    expect(nameOf('Territoire', 'Grand Lac')).toBe('Grand Lac');
    expect(nameOf('CA du Lac', 'Grand Lac')).toBe('CA du Lac');
  });
  it('does not count the zones outside when the map is limited to a territory', () => expect(kinds(ask(shown, { limited: true }))).not.toContain('vide:land'));
  it('in circles shows secrecy as a disc, and what has no value as a ring', () => expect(kinds(ask(shown, { circles: true }))).toEqual(['tailles:sizes', 'secret:dot', 'sans:ring', 'qpv:line']));
});

describe('the legend of a count', () => {
  const shown = counted(columns([1240, 310, 90], [], { unite: 'nombre', indicateur: 'P01' }));
  const legend = ask(shown, { circles: true, indicator: { libelle: 'Logements sociaux', sens: 'neutre', domaine: 'parc' } });
  it('has circles of its own values and no class', () => {
    expect(legend.classes).toEqual([]);
    const [sizes] = legend.others;
    expect(sizes?.mark.kind === 'sizes' ? sizes.mark.circles.map((c) => c.count) : []).toEqual([1000, 300]);
    expect(sizes?.count).toBe(3);
    expect(plain(sizes?.label ?? '')).toBe('1 000 et 300 logements');
  });
  it('draws a circle of the legend as large as a zone of that count', () => {
    const mark = legend.others[0]?.mark;
    const [first] = mark?.kind === 'sizes' ? mark.circles : [];
    expect(first?.radius).toBeCloseTo(34 * Math.sqrt(1000 / 1240));
  });
});

it('a change has words beside its classes, and says that two dates are compared', () => {
  const shown = difference(columns([10, 20, 30]), columns([20, 21, 24]), 'fragilite', 'evolution');
  const legend = ask(shown, { years: [2020, 2024] });
  expect(legend.subtitle).toBe('Tous les ménages, évolution de 2020 à 2024, en points, par commune');
  expect(legend.classes.map((r) => r.word)).toEqual(['hausse forte', 'hausse modérée', 'stable', 'baisse modérée', 'baisse forte']);
});
