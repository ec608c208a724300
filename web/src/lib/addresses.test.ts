import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressColumns, hasPoints, judged, placedOf, QUALITY, sheetOf, SOMEWHERE, SURE, write } from './addresses';
import { textOf } from './decode';

describe('a file of addresses', () => {
  it('is read whatever its separator, quotes and encoding', () => {
    expect(sheetOf('\ufeffa;b\r\n"1; rue";x\r\n;\r\n')).toEqual({ delimiter: ';', titles: ['a', 'b'], rows: [['1; rue', 'x']] });
    expect(sheetOf('adresse,cp\n1 rue,01000').delimiter).toBe(',');
    expect(textOf(new Uint8Array([0xe9]).buffer)).toBe('é');
    expect(textOf(new Uint8Array([0xc3, 0xa9]).buffer)).toBe('é');
  });
  it('comes back as it was', () => {
    const sheet = sheetOf('a;b\n"1; ""rue""";x\n');
    expect(sheetOf(write(sheet))).toEqual(sheet);
  });
  it.each([
    [['id', 'adresse', 'code_postal', 'commune', 'nom'], ['adresse', 'code_postal', 'commune']],
    [['NUMVOIE', 'TYPVOIE', 'NOMVOIE', 'CODEPOSTAL', 'LIBCOM', 'DEPCOM'], ['NUMVOIE', 'TYPVOIE', 'NOMVOIE', 'CODEPOSTAL', 'LIBCOM']],
    [['ville', 'numero', 'rue', 'adresse_mail'], ['numero', 'rue', 'ville']],
    [['truc', 'machin'], ['truc', 'machin']],
  ])('has its columns of %j', (titles, columns) => expect(addressColumns(titles)).toEqual(columns));
  it('may have its points', () => {
    expect([['Longitude', 'latitude'], ['x', 'y'], ['x'], ['lon']].map(hasPoints)).toEqual([true, true, false, false]);
  });
  it('has points as sure as its answers: a doubtful one is somewhere in its commune', () => {
    const found = sheetOf('a;qualite;latitude;longitude;result_score;result_type\nx;11;1;2;0.95;housenumber\nx;;1;2;0.9;street\nx;;1;2;0.5;housenumber\nx;;;;;\n');
    const { titles, rows } = judged(found);
    expect(rows.map((r) => r.at(-1))).toEqual(['41', '42', '39', '']);
    expect([titles[1], titles.at(-1)]).toEqual(['qualite_du_fichier', 'qualite']);
  });
  it('is judged by the score and the qualities that the server has, which no answer carries', () => {
    const of = (...path: string[]): string => readFileSync(join(import.meta.dirname, '..', '..', ...path), 'utf8');
    expect(of('src', 'api', 'openapi.json')).toContain(`sûr à partir de ${String(SURE).replace('.', ',')}`);
    const survey = of('..', 'data', 'survey.toml').split(/^\[adresse\]/m)[1] ?? '';
    expect([/^numero = (\d+)/m.exec(survey)?.[1], /^voie = (\d+)/m.exec(survey)?.[1]]).toEqual([QUALITY['housenumber'], QUALITY['street']]);
    expect(of('..', 'data', 'situation.toml')).toMatch(new RegExp(`code = ${SOMEWHERE}\\n.*\\ntoujours_incertain = true`));
  });
  it('is said line by line, and what was not found is never « dehors »', () => {
    const answer = sheetOf(['adresse;result_label;result_score;result_type;commune_nom;qpv2015;qpv2015_code;qpv2015_nom;qpv2015_motif;qpv2024;qpv2024_code;qpv2024_nom;qpv2024_motif;situation_erreur',
      '1 rue A;1 Rue A;0.97;housenumber;Orme;dehors;;;;dedans;QP01;Les Tilleuls;;', '9 rue Z;;;;;;;;;;;;;coordonnées vides'].join('\n'));
    const { generations, placed } = placedOf(answer, ['adresse']);
    expect(generations).toEqual(['2024', '2015']);
    expect(placed[0]).toMatchObject({ line: 2, asked: '1 rue A', found: '1 Rue A', score: 0.97, commune: 'Orme', qpv: { 2024: { word: 'dedans', code: 'QP01', name: 'Les Tilleuls' }, 2015: { word: 'dehors' } } });
    expect(placed[1]?.qpv['2024']).toMatchObject({ word: 'introuvable', why: 'coordonnées vides' });
  });
});
