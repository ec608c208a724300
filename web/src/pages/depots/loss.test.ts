import { expect, it } from 'vitest';
import { lossOf } from './loss';

const line = (nom: string, en_vigueur: number | null, depot: number) => ({ code: nom, nom, en_vigueur, depot });

it('counts what is lost in all and in the communes that lose', () => {
  const communes = [line('A', 100, 60), line('B', 50, 70), line('C', null, 5)];
  expect(lossOf({ total: line('', 150, 135), communes })).toEqual({ before: 150, after: 135, whole: 15, lost: 40, communes: 1 });
});

it('a first deposit takes nothing away', () => {
  expect(lossOf({ total: line('', null, 12), communes: [line('A', null, 12)] })).toEqual({ before: 0, after: 12, whole: 0, lost: 0, communes: 0 });
});
