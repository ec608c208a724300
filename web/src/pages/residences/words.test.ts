import { expect, test } from 'vitest';
import type { ListeRpems, ResidenceBailleur } from '../../api/client';
import { bindings, isBorne, saidOf } from './words';

const residence = (code: string, nom: string, commune: string, more: Partial<ResidenceBailleur> = {}): ResidenceBailleur =>
  ({ code, nom, commune, logements: 10, adresses: [], note: null, signalements: [], ...more }) as ResidenceBailleur;
const all = [residence('R1', 'BELLE-RIVE 3', '01901'), residence('R2', 'Cœur de l’Étoile', '01901'), residence('R3', 'BELLE-RIVE 3', '01905')];

test('a name is borne by another residence of the commune, whatever its letters', () => {
  expect(isBorne('belle-rive 3 ', ['01901'], all, [])).toBe(true);
  expect(isBorne('CŒUR DE L’ETOILE', ['01901'], all, ['R1'])).toBe(true);
  expect(isBorne('BELLE-RIVE 3', ['01901'], all, ['R1'])).toBe(false);
  expect(isBorne('BELLE-RIVE 3', ['01907'], all, [])).toBe(false);
  expect(isBorne('', ['01901'], all, [])).toBe(false);
});

test('residences that the EPCI decides of say so, those whose term is over do not', () => {
  const file = (statut: string, fin: string) => ({ residence: 'R1', statut, fin }) as ListeRpems['dossiers'][number];
  const told = (statut: string, fin: string): string[] => bindings(all, [file(statut, fin)], '2026-11-30');
  expect(told('proposee', '')[0]).toMatch(/^BELLE-RIVE 3 est proposée/);
  expect(told('validee', '2029-11-29')[0]).toMatch(/jusqu’au 29\/11\/2029/);
  expect(told('renouvellement', '2026-11-30')).toHaveLength(1);
  expect(told('validee', '2026-11-29')).toEqual([]);
  expect(told('levee', '2029-11-29')).toEqual([]);
});

test('what people said of a residence is named', () => {
  const flag = { leve: null } as unknown as ResidenceBailleur['signalements'][number];
  const note = {} as NonNullable<ResidenceBailleur['note']>;
  expect(saidOf(residence('R1', 'A', '1'))).toBe('');
  expect(saidOf(residence('R1', 'A', '1', { note }))).toBe('Ses notes');
  expect(saidOf(residence('R1', 'A', '1', { note, signalements: [flag] }))).toBe('Ses notes et ses signalements');
});
