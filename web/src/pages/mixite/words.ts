// What a score of social mix says, in words.
import type { Mixite, ScoreMixite } from '../../api/client';
import { formatNumber } from '../../lib/format';

type Rule = Mixite['regles'][number];

export type Verdict = 'atteint' | 'manque' | 'secret' | 'vide' | 'sans_verdict';

export function verdict(score: ScoreMixite): Verdict {
  if (score.secret) return 'secret';
  if (score.etat === 'non_soumis' || score.etat === 'sans_objet') return 'sans_verdict';
  if (!score.denominateur) return 'vide';
  // Not judged here, or undecided: the answer says why.
  if (score.respectee == null) return 'sans_verdict';
  return score.respectee ? 'atteint' : 'manque';
}

/** What is said in place of a verdict. */
const STANDINGS: Record<ScoreMixite['etat'], string> = {
  applicable: 'Sans verdict',
  non_soumis: 'Non soumis',
  non_etabli: 'Sans verdict : soumission non établie',
  sans_objet: 'Sans objet : tout le territoire est en QPV',
  autre_niveau: 'Se juge par bailleur et département',
  ville_entiere: 'Vue : la règle se juge sur la ville entière',
  clause_par_defaut: 'Clause par défaut, sans verdict',
  constat: 'Constat',
};

/** Whether a gauge is drawn: not where the rule binds nobody, and not for a plain finding. */
export const gauged = (score: ScoreMixite): boolean => !['non_soumis', 'sans_objet', 'constat'].includes(score.etat);

/** « Il manque 49 attributions », « Objectif atteint », « 3 attributions de trop »… */
export function sentence(rule: Rule, score: ScoreMixite): string {
  const n = score.ecart ?? 0;
  const leases = `${formatNumber(n)} attribution${n > 1 ? 's' : ''}`;
  switch (verdict(score)) {
    case 'secret': return 'Secret : trop peu de ménages';
    case 'vide': return 'Aucun bail concerné';
    case 'sans_verdict': return STANDINGS[score.etat];
    case 'atteint': return rule.sens === 'minimum' ? 'Objectif atteint' : 'Plafond respecté';
    default: return rule.sens === 'minimum' ? `Il manque ${leases}` : `${leases} au-dessus du plafond`;
  }
}

/** Whose leases an answer counts, by what was chosen; with nothing chosen, all that the account reads. */
export function scope(answer: Pick<Mixite, 'epci' | 'communes' | 'bailleurs'>, chosen: (what: 'epci' | 'commune' | 'bailleur') => string): string {
  const name = (list: Mixite['epci'], code: string): string | undefined => list.find((c) => c.code === code)?.nom;
  const parts = [name(answer.communes, chosen('commune')), name(answer.epci, chosen('epci')), name(answer.bailleurs, chosen('bailleur'))].filter(Boolean);
  if (parts.length > 0) return parts.join(' · ');
  // A commune's account reads its own leases: they are not those of its EPCI.
  if (answer.communes.length === 1) return answer.communes[0]?.nom ?? '';
  return answer.epci.length === 1 ? (answer.epci[0]?.nom ?? '') : `${answer.epci.length} intercommunalités`;
}
