// How the states and acts of a deposit are told.
import type { Depot } from '../../api/client';

const STATUS: Record<Depot['statut'], { name: string; tag: '' | 'on' | 'late' }> = {
  controle: { name: 'contrôle en cours', tag: 'late' },
  pret: { name: 'à accepter', tag: 'late' },
  echec: { name: 'illisible', tag: 'late' },
  accepte: { name: 'en vigueur', tag: 'on' },
  remplace: { name: 'remplacé', tag: '' },
  retire: { name: 'retiré', tag: '' },
};

/** A deposit of which no line is kept has nothing to accept. */
export const statusOf = (d: Pick<Depot, 'statut' | 'lignes_gardees'>): { name: string; tag: '' | 'on' | 'late' } =>
  d.statut === 'pret' && d.lignes_gardees === 0 ? { name: 'rien à accepter', tag: 'late' } : STATUS[d.statut];

export const ACTS: Record<string, string> = {
  depot: 'Déposé',
  controle: 'Contrôlé',
  correction: 'Corrigé',
  acceptation: 'Accepté',
  remplacement: 'Remplacé',
  retrait: 'Retiré',
};
