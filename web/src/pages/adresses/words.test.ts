// What a correction changes is told in sentences.
import { expect, test } from 'vitest';
import { changesTold } from './words';

const row = (name: string, before: string, after: string) => ({ name, before, after });

test('each zone that changes is told with what it was and what it becomes, the rest together', () => {
  expect(changesTold([row('Commune', 'Arzay', 'Arzay'), row('IRIS', 'Gare', 'Les Peupliers'), row('QPV 2024', 'hors QPV', 'Les Peupliers')])).toBe(
    'IRIS : Gare, puis Les Peupliers. QPV 2024 : hors QPV, puis Les Peupliers. Le reste ne change pas.',
  );
  expect(changesTold([row('Carreau', '—', 'N1E1')])).toBe('Carreau : aucun, puis N1E1.');
  expect(changesTold([row('IRIS', 'Gare', 'Gare')])).toBe('Aucune zone ne change.');
});
