import { expect, test } from 'vitest';
import type { TrajetsDemande } from '../../api/client';
import { curve, lines, tripsTo } from './trajets';

const place = (code: string, genre: string) => ({ code, nom: code.toUpperCase(), genre, centre: null });
const answer: TrajetsDemande = {
  au: '2024-12-31', epci: 'e', nom: 'EPCI', demandes: 100,
  origines: [place('a', 'commune'), place('b', 'commune'), place('x', 'epci')],
  destinations: [place('a', 'commune'), place('b', 'commune')],
  trajets: [
    { de: 'a', vers: null, demandes: 60 }, { de: 'x', vers: null, demandes: 40 },
    { de: 'a', vers: 'a', demandes: 50 }, { de: 'x', vers: 'b', demandes: 40 }, { de: 'a', vers: 'b', demandes: 15 },
  ],
};

test('trips go to the whole territory or to one commune', () => {
  expect(tripsTo(answer, null).map((t) => [t.from, t.to, t.n, t.away])).toEqual([['A', 'EPCI', 60, false], ['X', 'EPCI', 40, true]]);
  expect(tripsTo(answer, 'b').map((t) => [t.from, t.n])).toEqual([['X', 40], ['A', 15]]);
});
test('lines join two places, the largest first, never one with itself', () => {
  expect(lines(answer, null).map((t) => [t.de, t.vers])).toEqual([['x', 'b'], ['a', 'b']]);
  expect(lines(answer, 'a')).toEqual([]);
});
test('there and back are two curves between the same ends', () => {
  const [there, back] = [curve([0, 0], [2, 0]), curve([2, 0], [0, 0])];
  expect([there[0], there.at(-1)]).toEqual([[0, 0], [2, 0]]);
  expect((there[12]?.[1] ?? 0) * (back[12]?.[1] ?? 0)).toBeLessThan(0);
});
