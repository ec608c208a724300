import { expect, test } from 'vitest';
import { paperAddress, papersAddress } from './papers';

test('addresses of papers say the edition and nothing that is empty', () => {
  expect(paperAddress({ scale: 'commune', code: '73065' }, 'publique', { vague: '', parc: '' })).toBe('/api/portraits/commune/73065?edition=publique');
  expect(papersAddress('epci:200000001', 'restreinte', { vague: 2024, parc: 'a_jour' })).toBe('/api/portraits?echelle=commune&dans=epci%3A200000001&edition=restreinte&vague=2024&parc=a_jour');
});
