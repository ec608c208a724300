// What residences and decisions are called.
import type { DossierRpems, Fragilite } from '../../api/client';
import { shortDate, today } from '../../lib/dates';
import { formatNumber } from '../../lib/format';

type Component = Fragilite['composantes'][number];

/** « 42 % », « +8 pts »; an em dash where the figure is secret. */
export function componentValue(component: Component, value: number | null | undefined): string {
  if (value == null) return '—';
  if (!component.ecart) return `${formatNumber(value)}\u00a0%`;
  const rounded = Math.round(value);
  return `${rounded > 0 ? '+' : rounded < 0 ? '−' : ''}${formatNumber(Math.abs(rounded))}\u00a0pt${Math.abs(rounded) > 1 ? 's' : ''}`;
}

export { FRAGILITY as CLASS_COLOURS } from '../../kit/palette';

export const STATUTS: Record<string, { name: string; tag: string }> = {
  proposee: { name: 'Proposée', tag: 'late' },
  validee: { name: 'Sur la liste', tag: 'on' },
  renouvellement: { name: 'Renouvellement demandé', tag: 'late' },
  refusee: { name: 'Refusée', tag: '' },
  retiree: { name: 'Retirée', tag: '' },
  levee: { name: 'Levée', tag: '' },
};

/** Where a file stands today: a quality whose term is over says so. */
export function standing(file: DossierRpems): { name: string; tag: string } {
  const plain = STATUTS[file.statut] ?? { name: file.statut, tag: '' };
  if (file.statut === 'validee' && !file.en_vigueur) return { name: new Date(file.debut) > new Date() ? 'Sur la liste à venir' : 'Échue', tag: 'late' };
  return plain;
}

/** The days of a file's term: one that was lifted before its first day had none. */
export function term(file: DossierRpems): string {
  if (!file.fin || !file.debut) return '';
  return file.fin < file.debut ? `le ${shortDate(file.fin)}, avant son premier jour (${shortDate(file.debut)})` : `du ${shortDate(file.debut)} au ${shortDate(file.fin)}`;
}

/** What may be decided: a term that has not begun is not renewed yet. */
export const offered = (file: DossierRpems): DossierRpems['decisions'] => file.decisions.filter((d) => d !== 'renouveler' || file.debut <= today());

export const DECISIONS: Record<string, { verb: string; done: string }> = {
  proposer: { verb: 'Proposer', done: 'proposée' },
  valider: { verb: 'Valider', done: 'validée' },
  refuser: { verb: 'Refuser', done: 'refusée' },
  retirer: { verb: 'Retirer la proposition', done: 'retirée' },
  renouveler: { verb: 'Demander le renouvellement', done: 'à renouveler' },
  lever: { verb: 'Lever', done: 'levée' },
};
