import { describe, expect, test } from 'vitest';
import type { Catalogue } from '../api/client';
import { perimeters } from './perimeters';

const year = (millesime: number) => ({ millesime, vague: millesime }) as Catalogue['millesimes'][number];
const change = (echelle: string, code: string, de: number, a: number) => ({ echelle, code, nom: code, de, a, dit: `${code} ${de} ${a}` });
const catalogue = { millesimes: [2020, 2022, 2024].map(year), perimetres: [change('commune', '74010', 2020, 2022), change('commune', '74010', 2022, 2024), change('epci', '200066793', 2022, 2024)] };

describe('two years side by side', () => {
  test('are told of every change of perimeter between them, and of no other', () => {
    expect(perimeters(catalogue, 'commune', ['74010'], [2024, 2020])).toEqual(['74010 2020 2022', '74010 2022 2024']);
    expect(perimeters(catalogue, 'commune', ['74010'], [2022, 2024])).toEqual(['74010 2022 2024']);
    expect(perimeters(catalogue, 'commune', ['74256'], [2022, 2024])).toEqual([]);
    expect(perimeters(catalogue, 'epci', null, [2022, 2024])).toEqual(['200066793 2022 2024']);
  });
  test('one year alone is told of nothing', () => {
    expect(perimeters(catalogue, 'commune', ['74010'], [2024])).toEqual([]);
    expect(perimeters(null, 'commune', null, [2022, 2024])).toEqual([]);
  });
});
