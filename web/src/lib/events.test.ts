import { describe, expect, it } from 'vitest';
import { changes } from './events';

const events = { millesime: 2024, au: '2024-06-30', logements: 100, entrees: 0, sorties: 0, changements_de_bailleur: 0, non_identifies: 0, en_attente: 0 };

describe('what happened to the stock', () => {
  it('names only what happened', () => {
    expect(changes({ ...events, entrees: 24, sorties: 1 })).toBe('24 entrées, 1 sortie');
    expect(changes({ ...events, changements_de_bailleur: 2 })).toBe('2 changements de bailleur');
  });
  it('says which dwellings are still as filed', () => {
    expect(changes({ ...events, sorties: 2, non_identifies: 3 })).toBe('2 sorties\u00a0; 3 logements non identifiés restent comme au 1er janvier');
    expect(changes({ ...events, sorties: 1, en_attente: 2 })).toBe('1 sortie\u00a0; 2 logements transférés attendent la déclaration de l’autre bailleur');
    expect(changes({ ...events, non_identifies: 1 })).toBe('1 logement non identifié reste comme au 1er janvier');
  });
});
