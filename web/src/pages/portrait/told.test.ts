import { expect, it } from 'vitest';
import { isTold } from './told';

it('a QPV is not said to be in a QPV, but how much of it was in the one of before is told', () => {
  expect(isTold('P02', 'qpv2024')).toBe(false);
  expect(isTold('P03', 'qpv2015')).toBe(false);
  expect(isTold('P03', 'qpv2024')).toBe(true);
  expect(isTold('P02', 'commune')).toBe(true);
  expect(isTold('I02', 'qpv2024')).toBe(true);
});
