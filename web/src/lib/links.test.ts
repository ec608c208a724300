import { describe, expect, it } from 'vitest';
import type { Saved } from './kept';
import { broughtBy, MOST_CHARACTERS, notAmong, readZones, withSet, withZones, writeZones } from './links';

const square: Saved = { nom: 'Périmètre « ANRU » ~ 1*!', geometrie: { type: 'Polygon', coordinates: [[[5.912345, 45.678901], [5.92, 45.68], [5.91, 45.69], [5.912345, 45.678901]]] } };
const holed: Saved = {
  nom: 'Deux îlots',
  geometrie: { type: 'MultiPolygon', coordinates: [[[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], [[2, 2], [4, 2], [4, 4], [2, 2]]], [[[-3.5, -2], [-3, -2], [-3, -1], [-3.5, -2]]]] },
};
const listed: Saved = { nom: 'Choix', codes: [{ echelle: 'iris', code: '730650101' }, { echelle: 'adresse', code: '73065:12:-:RUE DU LAC & CIE *' }] };

describe('zones in a link', () => {
  it('come back whole: outlines, holes, parts, names and codes', () => expect(readZones(writeZones([square, holed, listed]))).toEqual([square, holed, listed]));
  it('are written in characters that an address holds as they are', () => expect(writeZones([square, holed, listed])).toMatch(/^[\w.!*:+~%-]+$/));
  it('are short: an outline of 60 corners takes about 400 characters', () => {
    const ring = Array.from({ length: 60 }, (_, i) => [5.9 + 0.01 * Math.cos(i / 9.55), 45.6 + 0.007 * Math.sin(i / 9.55)]);
    const text = writeZones([{ nom: 'Rond', geometrie: { type: 'Polygon', coordinates: [[...ring, ring[0] ?? []]] } }]);
    expect(text.length).toBeLessThan(500);
    expect(text.length).toBeLessThan(MOST_CHARACTERS);
  });
  it.each(['', 'x', 'nom!', 'nom!AA', 'nom!____', 'nom!zzzzzzzzzzzz', 'a*', '%E0%A4%A!AgI'])('%s is no zone, and breaks nothing', (text) => expect(readZones(text)).toEqual([]));
  it('stand after the view, which is still read', () => {
    const link = withZones('https://a.fr/?indicateur=I02#9.50/45.60000/5.90000', writeZones([square]));
    expect(broughtBy(new URL(link).hash).zones).toEqual([square]);
    expect(broughtBy(new URL(withZones('https://a.fr/', writeZones([listed]))).hash).zones).toEqual([listed]);
    expect(broughtBy(new URL(withSet('https://a.fr/#9/45/5', 'a b')).hash)).toEqual({ zones: [], set: 'a b' });
    expect(broughtBy('#9/45/5')).toEqual({ zones: [], set: null });
  });
  it('are not added twice', () => expect(notAmong([square, holed], [{ ...square, nom: 'Autre nom' }])).toEqual([holed]));
});
