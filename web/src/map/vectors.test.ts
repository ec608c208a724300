import { expect, test } from 'vitest';
import { broken } from './vectors';

test('a label breaks after a space or a hyphen, where it is wider than the map lets it be', () => {
  expect(broken('La Verrière-d’Orme', 7)).toEqual(['La Verrière-', 'd’Orme']);
  expect(broken('Saint-Rémy-sous-Bois', 7)).toEqual(['Saint-Rémy-', 'sous-Bois']);
  expect(broken('Charmoux', 2)).toEqual(['Charmoux']);
});
