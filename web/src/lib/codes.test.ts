import { expect, test } from 'vitest';
import { isCodeFile, readCodes } from './codes';

test('a list names zones by scale and code, grouped by name', () => {
  const text = '\ufeffechelle;code;zone\r\niris;739010101;Nord\r\niris;739010102;"Nord"\r\ncommune;73902;Sud\r\niris;739010101;Nord\r\n';
  expect(readCodes(text)).toEqual([
    { nom: 'Nord', codes: [{ echelle: 'iris', code: '739010101' }, { echelle: 'iris', code: '739010102' }] },
    { nom: 'Sud', codes: [{ echelle: 'commune', code: '73902' }] },
  ]);
});

test('one column says its scale by its name, and leading zeros stay', () => {
  expect(readCodes('Code_Insee,libelle\n01004,Ambérieu\n', 'liste')).toEqual([{ nom: 'liste', codes: [{ echelle: 'commune', code: '01004' }] }]);
});

test('what names no column or no code is refused with what to write', () => {
  expect(() => readCodes('739010101\n739010102')).toThrow(/echelle;code;zone/);
  expect(() => readCodes('echelle;code\n')).toThrow(/aucun code/);
});

test('only CSV and text files are lists', () => {
  expect(['a.CSV', 'b.txt', 'c.geojson'].map(isCodeFile)).toEqual([true, true, false]);
});
