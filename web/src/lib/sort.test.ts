import { expect, it } from 'vitest';
import { compareAddresses, rankOf } from './sort';

it('equal values share their rank, and the next one counts them all', () => {
  const ranks = rankOf([['a', 3], ['b', 7], ['c', null], ['d', 7], ['e', 1]].map(([code, valeur]) => ({ code: code as string, valeur: valeur as number | null })));
  expect([...ranks]).toEqual([['b', 1], ['d', 1], ['a', 3], ['e', 4]]);
});

it('addresses come street by street, their numbers as numbers', () => {
  const sorted = ['10 bis RUE DES LILAS', '2 RUE DES LILAS', '10 RUE DES LILAS', '3 AVENUE FOCH', 'LES PEUPLIERS 10', 'LES PEUPLIERS 2'].sort(compareAddresses);
  expect(sorted).toEqual(['3 AVENUE FOCH', 'LES PEUPLIERS 2', 'LES PEUPLIERS 10', '2 RUE DES LILAS', '10 RUE DES LILAS', '10 bis RUE DES LILAS']);
});
