import { expect, it } from 'vitest';
import { editable, isText, shown, typed } from './parametres';

it('a value is read as people write it, and written as they read it', () => {
  expect(shown(0.35)).toBe('0,35');
  expect(shown(26920)).toBe('26\u202f920');
  expect(shown(2024)).toBe('2024');
  expect(shown(20250813)).toBe('13/08/2025 (20250813)');
  expect(shown(true)).toBe('oui');
  expect(shown([1, 2.5])).toBe('1 ; 2,5');
  expect(shown([])).toBe('(liste vide)');
  for (const value of [0.35, 26920, 20250813, 'inferieur', [26920, 40233], ['a', 'b']]) {
    expect(typed(editable(value), value)).toEqual({ valeur: value });
  }
});

it('a figure takes the spaces, the comma and the sign that it is pasted with', () => {
  expect(typed('8\u202f861 €', 1)).toEqual({ valeur: 8861 });
  expect(typed('0,35', 0.3)).toEqual({ valeur: 0.35 });
  expect(typed('30 %', 1)).toEqual({ valeur: 30 });
  expect(typed('trente', 1)).toHaveProperty('erreur');
  expect(typed('', 1)).toHaveProperty('erreur');
  expect(typed('1 ; deux', [1])).toHaveProperty('erreur');
});

it('without a value to be like, what is typed is of the kind that it looks like', () => {
  expect(typed('9 130')).toEqual({ valeur: 9130 });
  expect(typed('oui')).toEqual({ valeur: true });
  expect(typed('un texte')).toEqual({ valeur: 'un texte' });
  expect(typed('{"libelle": "x"}')).toEqual({ valeur: { libelle: 'x' } });
  expect(typed('{libelle')).toHaveProperty('erreur');
});

it('words of a file are told from its figures', () => {
  expect(isText('composante.f1.libelle')).toBe(true);
  expect(isText('composante.f1.poids')).toBe(false);
});
