import { expect, test } from 'vitest';
import { unbroken } from './typography';

test('signs do not leave their word at the end of a line', () => {
  expect(unbroken('« ident_rep » manque : un congé porte sur des logements ; lesquels ?')).toBe('«\u00a0ident_rep\u00a0» manque\u00a0: un congé porte sur des logements\u202f; lesquels\u202f?');
  expect(unbroken('Il en manque 12 pour 30 % (« hors QPV » !)')).toBe('Il en manque 12 pour 30\u00a0% («\u00a0hors QPV\u00a0»\u202f!)');
  expect(unbroken('plafond : 1 200 € à 20 °C')).toBe('plafond\u00a0: 1 200\u00a0€ à 20\u00a0°C');
  // A sign that ends or begins a piece of the page.
  expect(unbroken(' : deux lignes')).toBe('\u00a0: deux lignes');
  expect(unbroken('Voir « ')).toBe('Voir «\u00a0');
});

test('what is no sentence stays as it is', () => {
  for (const text of ['', 'Orme-sur-Sereine', 'https://exemple.fr/?a=b&c=%20', 'epci:200099018', 'a :b', '12 345 logements', '«\u00a0déjà\u00a0»']) expect(unbroken(text)).toBe(text);
});
