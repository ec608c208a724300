import { expect, test } from 'vitest';
import { actionName, details, placeOf, SUBJECTS } from './actions';

test('an action has one name, and an unknown one keeps its own', () => {
  const ids = SUBJECTS.flatMap(({ actions }) => Object.keys(actions));
  expect(new Set(ids).size).toBe(ids.length);
  const names = SUBJECTS.flatMap(({ actions }) => Object.values(actions));
  expect(new Set(names).size).toBe(names.length);
  expect([actionName('cotation_pression'), actionName('tout_neuf')]).toEqual(['Pression de la demande', 'tout_neuf']);
});

test('an object that is a territory is told as one, others are not', () => {
  expect(placeOf('fragilite', '200099018')).toBe('epci:200099018');
  expect(placeOf('flux_fiche', '01901')).toBe('commune:01901');
  // A lessor's number looks like that of an EPCI.
  expect(placeOf('flux_bilan', '005120340')).toBeNull();
  expect(placeOf('cotation_pression', '2024-12-31')).toBeNull();
});

test('parameters are read without braces, and what is empty is left out', () => {
  expect(details('{"question":{"millesime":2024,"a_jour":null,"filtres":{}},"codes":["a","b"],"adresses":548}')).toEqual([['millesime', '2024'], ['codes', 'a, b'], ['adresses', '548']]);
  expect(details('{}')).toEqual([]);
});
