import { expect, it } from 'vitest';
import type { Shown } from './shown';
import { statesOf } from './states';

it('zones take the class of their value, the size that was asked, and pale when a change may be chance', () => {
  const shown = { codes: ['a', 'b'], valeurs: [12, null], secret: [false, true], bornes: [10], logements: [40, 9], repondants: [30, null], significatif: [false, null] } as unknown as Shown;
  expect(statesOf(shown, 'logements')).toEqual([{ code: 'a', classe: 1, secret: false, n: 40, faible: true }, { code: 'b', classe: null, secret: true, n: 9, faible: false }]);
  // A secret zone tells nothing of how many households answered.
  expect(statesOf(shown, 'repondants').map((s) => s.n)).toEqual([30, 1]);
});
