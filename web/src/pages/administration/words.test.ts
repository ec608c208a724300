import { expect, test } from 'vitest';
import { nameOf, sizeOf } from './words';

test('a data set has a name that people say', () => {
  expect(nameOf('rpls', '2024')).toBe('RPLS 2024');
  expect(nameOf('thresholds', '2023,2024')).toBe('Seuils du premier quartile 2023, 2024');
  expect(nameOf('zones', 'qpv2024')).toBe('Contours des QPV, 2024');
  expect(nameOf('zones', 'commune-2024')).toBe('Contours des communes, 2024');
  expect(nameOf('zones', 'commune')).toBe('Contours des communes');
  expect(nameOf('zones', 'secteurs')).toBe('Zones « secteurs »');
});

test('a size has the unit that fits', () => {
  expect(sizeOf(820)).toBe('820 octets');
  expect(sizeOf(82_000)).toBe('82 ko');
  expect(sizeOf(12_440_000).replace(/\s/g, ' ')).toBe('12,4 Mo');
});
