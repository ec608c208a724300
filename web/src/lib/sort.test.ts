import { expect, it } from 'vitest';
import { rankOf } from './sort';

it('equal values share their rank, and the next one counts them all', () => {
  const ranks = rankOf([['a', 3], ['b', 7], ['c', null], ['d', 7], ['e', 1]].map(([code, valeur]) => ({ code: code as string, valeur: valeur as number | null })));
  expect([...ranks]).toEqual([['b', 1], ['d', 1], ['a', 3], ['e', 4]]);
});
