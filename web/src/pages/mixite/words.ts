// What a score of social mix says, in words.
import type { Mixite, ScoreMixite } from '../../api/client';
import { formatNumber } from '../../lib/format';

type Rule = Mixite['regles'][number];

export type Verdict = 'atteint' | 'manque' | 'secret' | 'vide';

export function verdict(score: ScoreMixite): Verdict {
  if (score.secret) return 'secret';
  if (!score.denominateur) return 'vide';
  return score.respectee ? 'atteint' : 'manque';
}

/** « Il manque 49 attributions », « Objectif atteint », « 3 attributions de trop »… */
export function sentence(rule: Rule, score: ScoreMixite): string {
  const n = score.ecart ?? 0;
  const leases = `${formatNumber(n)} attribution${n > 1 ? 's' : ''}`;
  switch (verdict(score)) {
    case 'secret': return 'Secret : trop peu de ménages';
    case 'vide': return 'Aucun bail concerné';
    case 'atteint': return rule.sens === 'minimum' ? 'Objectif atteint' : 'Plafond respecté';
    default: return rule.sens === 'minimum' ? `Il manque ${leases}` : `${leases} au-dessus du plafond`;
  }
}
