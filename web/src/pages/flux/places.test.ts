import { describe, expect, it } from 'vitest';
import type { CarteFlux } from '../../api/client';
import { places } from './places';

const answer = {
  reservataires: [{ code: 'ETAT_PRIO', nom: 'État' }, { code: '', nom: 'Proposé à personne' }],
  lieux: [
    { code: '1', nom: 'Aix', nombre: 5, en_qpv: 2, centre: [5, 45], parts: [{ reservataire: 'ETAT_PRIO', nombre: 4, en_qpv: 1 }, { reservataire: '', nombre: 1, en_qpv: 1 }] },
    { code: '2', nom: 'Bar', nombre: 7, en_qpv: 0, centre: null, parts: [{ reservataire: 'ETAT_PRIO', nombre: 7, en_qpv: 0 }] },
  ],
} as unknown as CarteFlux;

describe('places of the flow', () => {
  it('counts all, in and out of QPV, so that both make the whole', () => {
    const [bar, aix] = places(answer, null, 'tous');
    expect([bar?.n, aix?.n, aix?.dans, aix?.hors]).toEqual([7, 5, 2, 3]);
    expect(places(answer, null, 'dans').map((p) => p.n)).toEqual([2]);
    expect(places(answer, null, 'hors').map((p) => [p.nom, p.n])).toEqual([['Bar', 7], ['Aix', 3]]);
  });
  it('is of one réservataire, or of nobody', () => {
    expect(places(answer, 'ETAT_PRIO', 'tous').map((p) => p.n)).toEqual([7, 4]);
    const [none] = places(answer, '', 'tous');
    expect(none?.told).toContain('Proposé à personne');
  });
});
