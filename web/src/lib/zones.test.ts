import { describe, expect, it } from 'vitest';
import type { Polygon } from 'geojson';
import { distinctVertices, middle, toCsv, writeCsv, writeGeoJson } from './zones';

const square: Polygon = { type: 'Polygon', coordinates: [[[5, 45], [6, 45], [6, 46], [5, 46], [5, 45]]] };

describe('outlines', () => {
  it('count their different vertices', () => expect(distinctVertices(square)).toBe(4));
  it('have a middle', () => expect(middle(square)).toEqual([5.5, 45.5]));
});

const mesure = {
  millesime: 2024, vague: 2024, population: 'TOUS', couverture: { logements: 120, repondants: 90 },
  chiffres: [
    { indicateur: 'I01', valeur: 24.5, unite: '%', decimales: 1, numerateur: 22, denominateur: 90, repondants: 90, taux_reponse: 0.75, badge: 'A', secret: false, source: 'OPS 2024 × RPLS 2024' },
    { indicateur: 'I02', valeur: null, unite: '%', decimales: 0, secret: true, motif: 'moins de 11 ménages' },
  ],
};

describe('writing files', () => {
  it('gives a CSV that a French spreadsheet opens as it is', () => {
    const csv = writeCsv([{ nom: 'Centre ; nord', mesure }], (id) => (id === 'I01' ? 'Sous 20 %' : id));
    expect(csv.startsWith('\ufeffzone;indicateur;')).toBe(true);
    const [, first, second] = csv.split('\r\n');
    expect(first).toBe('"Centre ; nord";I01;Sous 20 %;24,5;%;22;90;90;0,75;A;non;;TOUS;2024;2024;OPS 2024 × RPLS 2024;;;');
    expect(second).toContain(';I02;I02;;%;;;;;;oui;moins de 11 ménages;');
  });
  it('says of what its figures are: the code, the filters, how far a moved figure may be', () => {
    const moved = { ...mesure, zone: { code: '01908' }, chiffres: [{ ...mesure.chiffres[0]!, incertitude: 30.5 }] };
    const [head, line] = writeCsv([{ nom: 'Les Échets', mesure: moved }], (id) => id, ['Financement : PLAI', 'Type : T1, T2']).split('\r\n');
    expect(head).toMatch(/;code;plus_ou_moins;filtres$/);
    expect(line).toMatch(/;01908;30,5;"Financement : PLAI ; Type : T1, T2"$/);
  });
  it('lets no cell be run as a formula, and leaves negative numbers be', () => {
    expect(toCsv([['=SOMME(A1)', '+33', '@x', '-3,5', '-A1', 'a"b']])).toBe('\ufeff\'=SOMME(A1);\'+33;\'@x;-3,5;\'-A1;"a""b"\r\n');
  });
  it('gives zones as GeoJSON, with secret figures as null', () => {
    const text = writeGeoJson([{ nom: 'Centre', geometrie: square, mesure }]);
    expect(JSON.parse(text).features).toEqual([{ type: 'Feature', geometry: square, properties: { nom: 'Centre', logements: 120, repondants: 90, I01: 24.5, I02: null } }]);
  });
});
