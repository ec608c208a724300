import { expect, test } from 'vitest';
import { csvOf, sorted, turned, wider, type Row } from './rows';

const row = (nom: string, valeur: number | null, secret = false): Row => ({ code: nom, nom, logements: 10, cells: { I02: { valeur, secret } } });
const rows = [row('Arzay', 3), row('Écully', null, true), row('Bron', 12.5)];

test('rows follow a column either way, and what has no figure comes last', () => {
  expect(sorted(rows, '').map((r) => r.nom)).toEqual(['Arzay', 'Bron', 'Écully']);
  expect(sorted(rows, '-nom').map((r) => r.nom)).toEqual(['Écully', 'Bron', 'Arzay']);
  expect(sorted(rows, 'I02').map((r) => r.nom)).toEqual(['Bron', 'Arzay', 'Écully']);
  expect(sorted(rows, '-I02').map((r) => r.nom)).toEqual(['Arzay', 'Bron', 'Écully']);
  expect([turned('', 'nom'), turned('I02', 'I02'), turned('-I02', 'I02'), turned('I02', 'P10')]).toEqual(['-nom', '-I02', 'I02', 'P10']);
});

test('a territory brings those around it', () => {
  const territories = [
    { scale: 'departement', zones: [{ code: '01', nom: 'Ain' }] },
    { scale: 'epci', zones: [{ code: 'E', nom: 'CA', epci: 'E', departement: '01' }] },
    { scale: 'commune', zones: [{ code: 'C', nom: 'Arzay', epci: 'E', departement: '01' }] },
  ];
  const names = (within: string): string[] => wider(within, territories).map((p) => p.nom);
  expect(names('commune:C')).toEqual(['Arzay', 'CA', 'Ain']);
  expect(names('epci:E')).toEqual(['CA', 'Ain']);
  expect(names('departement:01')).toEqual(['Ain']);
  expect(names('')).toEqual(['Ain']);
});

test('a secret figure is an empty cell that says so, even if a value came with it', () => {
  const csv = csvOf([{ id: 'I02', libelle: 'Ménages pauvres', unite: '%' }], [row('Ain', 9)], [row('Bron', 12.5), row('Écully', 4, true)], { vague: 2024, millesime: 2024, population: 'TOUS', filtres: '' });
  const lines = csv.replace('\ufeff', '').trim().split('\r\n');
  expect(lines[0]).toBe('niveau;code;nom;logements;I02 Ménages pauvres (%);I02 secret;population;vague;millesime_rpls;filtres');
  expect(lines.slice(1)).toEqual(['territoire;Ain;Ain;10;9;non;TOUS;2024;2024;', 'zone;Bron;Bron;10;12,5;non;TOUS;2024;2024;', 'zone;Écully;Écully;10;;oui;TOUS;2024;2024;']);
});

test('filtered figures say which filter, and how far they were moved; a secret one says neither', () => {
  const of = (valeur: number, secret: boolean): Row => ({ code: 'B', nom: 'Bron', logements: 10, cells: { I02: { valeur, secret, plus: 2.4 } } });
  const csv = csvOf([{ id: 'I02', libelle: 'Ménages pauvres', unite: '%' }], [], [of(58.6, false), of(4, true)], { vague: 2024, millesime: 2024, population: 'TOUS', filtres: 'Financement : PLAI' });
  expect(csv.replace('\ufeff', '').trim().split('\r\n')).toEqual([
    'niveau;code;nom;logements;I02 Ménages pauvres (%);I02 secret;I02 plus_ou_moins;population;vague;millesime_rpls;filtres',
    'zone;B;Bron;10;58,6;non;2,4;TOUS;2024;2024;Financement : PLAI', 'zone;B;Bron;10;;oui;;TOUS;2024;2024;Financement : PLAI',
  ]);
});
