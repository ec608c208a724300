import { expect, it } from 'vitest';
import type { CritereCatalogue, Grille } from '../../api/client';
import { given, nameOf, nextLocal, unitOf } from './words';

const CATALOGUE = [
  { code: 'C17', libelle: 'Hébergé', mesure: null },
  { code: 'C28', libelle: 'Logement trop cher', mesure: 'effort' },
  { code: 'C57', libelle: 'Ancienneté', mesure: 'anciennete' },
] as unknown as CritereCatalogue[];
const line = (more: object): Grille['criteres'][number] => ({ code: 'C17', points: 40, preuve: false, ...more });

it('a criterion that is met or not gives its points', () => {
  expect(given(line({}), CATALOGUE)).toBe('40\u00a0points');
  expect(given(line({ points: 1 }), CATALOGUE)).toBe('1\u00a0point');
});

it('tranches hold their first value and not their last', () => {
  const tranches = [{ avant: 33, points: 0 }, { de: 33, avant: 50.5, points: 20 }, { de: 70, points: 30 }];
  expect(given(line({ code: 'C28', tranches }), CATALOGUE)).toBe('moins de 33\u00a0% : 0\u00a0point ; de 33 à moins de 50,5\u00a0% : 20\u00a0points ; 70 et plus\u00a0% : 30\u00a0points');
});

it('seniority says its step and its cap', () => expect(given(line({ code: 'C57', progression: { pas: 12, points: 5, plafond: 30 } }), CATALOGUE)).toBe('5\u00a0points tous les 12\u00a0mois, 30 au plus'));

it('local criteria have their own name and the first free code', () => {
  expect(nameOf(line({ code: 'L01', libelle: 'Local' }), CATALOGUE)).toBe('Local');
  expect([unitOf('C17', CATALOGUE), unitOf('C28', CATALOGUE)]).toEqual([null, '%']);
  expect(nextLocal({ nom: '', epci: '', genre: 'premiere', groupes: [], criteres: [line({ code: 'L01' }), line({ code: 'L03' })] })).toBe('L02');
});
