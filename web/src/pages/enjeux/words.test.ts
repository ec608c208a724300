import { describe, expect, test } from 'vitest';
import type { DossierRpems, Fragilite } from '../../api/client';
import { later, today } from '../../lib/dates';
import { componentValue, offered, standing, term } from './words';

const component = (ecart: boolean): Fragilite['composantes'][number] => ({ id: 'f', libelle: '', indicateur: 'I02', ecart, poids: 1, source: '', depuis: 20261125, epci: null, seuil: null, moyenne: null, ecart_type: null });

describe('words of residences', () => {
  test('a share is a percentage, a gap has its sign, a secret is a dash', () => {
    expect(componentValue(component(false), 42)).toBe('42\u00a0%');
    expect(componentValue(component(true), 7.6)).toBe('+8\u00a0pts');
    expect(componentValue(component(true), -1)).toBe('−1\u00a0pt');
    expect(componentValue(component(true), null)).toBe('—');
  });

  test('a quality whose term is over is not on the list', () => {
    const file = { statut: 'validee', debut: '2020-01-01', fin: '2023-01-01', en_vigueur: false } as DossierRpems;
    expect(standing(file).name).toBe('Échue');
    expect(standing({ ...file, en_vigueur: true }).name).toBe('Sur la liste');
  });

  test('a term that was lifted before its first day did not run backwards', () => {
    const file = { statut: 'levee', debut: '2027-06-01', fin: '2026-11-30' } as DossierRpems;
    expect(term(file)).toBe('le 30/11/2026, avant son premier jour (01/06/2027)');
    expect(term({ ...file, fin: '2030-05-31' })).toBe('du 01/06/2027 au 31/05/2030');
    expect(term({ ...file, debut: '', fin: '' })).toBe('');
  });

  test('what has not begun is not to be renewed yet', () => {
    const file = { decisions: ['renouveler', 'lever'], debut: later(today(), 1) } as unknown as DossierRpems;
    expect(offered(file)).toEqual(['lever']);
    expect(offered({ ...file, debut: today() })).toEqual(['renouveler', 'lever']);
  });
});
