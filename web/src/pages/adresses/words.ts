// How the reasons to doubt an address are told.
import type { ListeAdresses } from '../../api/client';

export type Motif = ListeAdresses['motifs'][number]['id'];

export const MOTIFS: Record<Motif, { name: string; why: string }> = {
  sans_point: { name: 'Sans point', why: 'Aucun point, ou un point hors du système de coordonnées.' },
  qualite_commune: { name: 'Point à la commune', why: 'Qualité 22 ou 33 : le point n’est pas celui de l’immeuble.' },
  qualite_voie: { name: 'Point dans la voie', why: 'Qualité 12 : le point est au hasard dans la voie.' },
  hors_commune: { name: 'Hors de la commune', why: 'Le point est à plus de 200 m de la commune déclarée.' },
  empilement: { name: 'Empilement', why: 'Plus de 150 logements de plusieurs voies au même point.' },
  qpv: { name: 'QPV discordant', why: 'Le QPV déclaré et celui du point diffèrent.' },
  loin_ban: { name: 'Loin de la BAN', why: 'Le point est à plus de 50 m de l’adresse de même nom.' },
  multiples: { name: 'Points multiples', why: 'Les points d’une même adresse sont à plus de 50 m l’un de l’autre.' },
  sans_numero: { name: 'Sans numéro', why: 'L’adresse n’a pas de numéro dans la voie.' },
  inconnue_ban: { name: 'Inconnue de la BAN', why: 'La Base adresse nationale ne connaît pas cette adresse.' },
  doublon: { name: 'Doublon', why: 'Le même numéro national est porté par une autre ligne.' },
  score_bas: { name: 'Introuvable', why: 'La recherche d’adresses ne trouve rien qui ressemble (score inférieur à 0,5).' },
};

/** What a correction changes, as one sentence a zone; what stays is told together. */
export function changesTold(rows: readonly { name: string; before: string; after: string }[]): string {
  const changed = rows.filter((r) => r.before !== r.after);
  if (changed.length === 0) return 'Aucune zone ne change.';
  const said = changed.map((r) => `${r.name} : ${r.before === '—' ? 'aucun' : r.before}, puis ${r.after === '—' ? 'aucun' : r.after}.`);
  return [...said, changed.length < rows.length ? 'Le reste ne change pas.' : ''].filter(Boolean).join(' ');
}
