// What a verdict says, in words, and how a file's lines are sorted.
import type { Controle } from '../../api/client';

export type Verdict = Controle['verdict'];

export const VERDICTS: { id: Verdict; name: string; one: string; many: string }[] = [
  { id: 'contraire', name: 'Contraire', one: 'contraire', many: 'contraires' },
  { id: 'attention', name: 'Attention', one: 'attention', many: 'attention' },
  { id: 'indeterminable', name: 'Indéterminable', one: 'indéterminable', many: 'indéterminables' },
  { id: 'conforme', name: 'Conforme', one: 'conforme', many: 'conformes' },
  { id: 'sans_objet', name: 'Sans objet', one: 'sans objet', many: 'sans objet' },
];

export const verdictName = (id: Verdict): string => VERDICTS.find((v) => v.id === id)?.name ?? id;
/** The worst first. */
export const severity = (id: Verdict): number => VERDICTS.findIndex((v) => v.id === id);

/** The headline of a check. */
export function headline(verdict: Verdict): string {
  switch (verdict) {
    case 'contraire': return 'Une règle au moins s’oppose à cette attribution';
    case 'attention': return 'Cette attribution demande attention';
    case 'indeterminable': return 'Une règle au moins ne peut pas être jugée';
    case 'conforme': return 'Cette attribution est conforme aux règles contrôlées';
    default: return 'Aucune règle ne regarde cette attribution';
  }
}

const LEVELS = { epci: 'Intercommunalité', commune: 'Commune', bailleur: 'Bailleur', reservataire: 'Réservataire', bailleur_departement: 'Bailleur dans le département' } as const;
export const levelName = (level: keyof typeof LEVELS): string => LEVELS[level];

export const QPV = { dedans: 'en QPV', dehors: 'hors QPV', incertain: 'incertain', inconnu: 'inconnu' } as const;

/** « 1 750,50 » or « 1750.5 » as a number; null when empty, NaN when it is none. */
export function readField(text: string): number | null {
  const plain = text.replace(/[\s\u00a0\u202f€%]/g, '').replace(',', '.');
  return plain === '' ? null : Number(plain);
}
