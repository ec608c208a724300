import { describe, expect, it } from 'vitest';
import { between, nearest, qpvSaid, qualityOf, readAddress, writeAddress } from './address';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('a QPV in words', () => {
  const answers = [
    { generation: '2024', reponse: 'dedans', code: 'QN0730', nom: 'Les Hauts', distance_bord_m: 124.4 },
    { generation: '2015', reponse: 'incertain', code: 'QP0730', nom: 'Les Hauts', distance_bord_m: 3, motif: 'à 3 m du bord' },
  ];
  it('says each generation, the newest first', () => expect(qpvSaid(['2015', '2024'], answers).map((s) => [s.generation, s.word, plain(s.detail)])).toEqual([
    ['2024', 'dedans', 'Les Hauts, à 124 m du bord'], ['2015', 'incertain', 'Les Hauts : à 3 m du bord'],
  ]));
  it('never takes a generation that is not loaded for one that the address is out of', () => expect(qpvSaid(['2015', '2024'], [answers[0]!]).map((s) => s.word)).toEqual(['dedans', 'inconnu']));
  it('tells how far the nearest is, or that there is none', () => {
    const out = (distance_bord_m: number | null, nom: string | null): string => plain(qpvSaid(['2024'], [{ generation: '2024', reponse: 'dehors', nom, distance_bord_m }])[0]?.detail ?? '');
    expect(out(340, null)).toBe('le plus proche est à 340 m');
    expect(out(1240, 'Bellevue')).toBe('Bellevue est à 1,2 km');
    expect(out(null, null)).toBe('aucun à moins de 2 km');
  });
});

it('a point is as sure as what was found', () => {
  expect(['housenumber', 'street', 'locality', 'municipality', 'autre'].map((type) => qualityOf({ type }))).toEqual([11, 12, 22, 33, 33]);
  expect(qualityOf({ type: 'street', interpolation: true })).toBe(21);
});

it('what stands near is sorted by distance, and no farther than asked', () => {
  expect(between([5, 45], [5, 46])).toBeCloseTo(110_574, -1);
  const zones = [{ id: 'a', centre: [5.002, 45] }, { id: 'b', centre: [5.001, 45] }, { id: 'c', centre: [5.1, 45] }, { id: 'd', centre: null }];
  expect(nearest(zones, [5, 45], 300, 5).map((n) => n.zone.id)).toEqual(['b', 'a']);
});

describe('an address in a link', () => {
  it('comes back whole, commas included', () => {
    const address = { label: '12 bis, rue du Lac 73100 Aix', lon: 5.912345, lat: 45.678901, quality: 11 };
    expect(readAddress(writeAddress(address))).toEqual(address);
  });
  it.each([null, '', '45,5', '91,5,11,rue', '45,5,99,rue', ',,11,rue', '45,5,11,'])('%s is none', (text) => expect(readAddress(text)).toBeNull());
});
