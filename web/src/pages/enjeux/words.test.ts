import { describe, expect, test } from 'vitest';
import type { DossierRpems, Fragilite } from '../../api/client';
import { componentValue, standing } from './words';

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
});
