// How the states and acts of a deposit are told.
import type { Depot } from '../../api/client';

export const STATUS: Record<Depot['statut'], { name: string; tag: '' | 'on' | 'late' }> = {
  controle: { name: 'contrôle en cours', tag: 'late' },
  pret: { name: 'à accepter', tag: 'late' },
  echec: { name: 'illisible', tag: 'late' },
  accepte: { name: 'en vigueur', tag: 'on' },
  remplace: { name: 'remplacé', tag: '' },
  retire: { name: 'retiré', tag: '' },
};

export const ACTS: Record<string, string> = {
  depot: 'Déposé',
  controle: 'Contrôlé',
  correction: 'Corrigé',
  acceptation: 'Accepté',
  remplacement: 'Remplacé',
  retrait: 'Retiré',
};
