// What the applicant's page says, in short sentences and everyday words: a test bounds how hard they are to read.
import type { MaDemande } from '../../api/client';
import { formatNumber } from '../../lib/format';

type Note = MaDemande['notes'][number];

export const WORDS = {
  lead: 'Votre demande de logement social a des points. On les appelle la note. Ici, vous pouvez lire la vôtre.',
  where: 'Le numéro unique est sur votre attestation. Il a 18 signes.',
  birth: 'Mettez le jour, le mois et l’année, comme sur votre demande.',
  kept: 'Nous ne gardons ni votre nom, ni votre adresse. Personne d’autre ne voit vos réponses ici.',
  aid: 'La note aide à choisir, elle ne décide pas. La commission du bailleur choisit. Une bonne note ne donne pas de logement à coup sûr.',
  closed: 'Votre demande n’est plus active. Elle n’a donc plus de note.',
  housed: 'Vous avez eu un logement. Votre demande est close.',
  none: 'Pour ce territoire, aucune grille n’est en place. Il n’y a donc pas de note.',
  declared: 'Cette note suit ce que vous avez dit dans votre demande.',
  checked: 'C’est la note avec les seuls papiers que nous avons vus.',
  group: 'Ce point ne s’ajoute pas : un autre du même groupe donne plus.',
  missing: 'Donnez ces papiers au guichet. Vos points seront alors sûrs.',
  nothing: 'Il ne manque aucun papier.',
  more: 'Un papier manque pour un point qui ne se lit pas ici. Posez la question au guichet.',
  other: 'Autres points. Leur détail ne se lit pas ici, pour vous protéger.',
  refusal: 'Vous avez refusé un logement qui vous convenait. Cela retire des points pour un temps.',
  alike: 'Nous comparons les demandes du même lieu, pour la même taille de logement.',
  few: 'Trop peu de demandes sont comme la vôtre. Nous ne donnons pas de rang.',
  late: 'Trop peu de logements ont été donnés pour dire un délai.',
  promise: 'C’est un délai passé, pas une promesse.',
  counter: 'Vous pouvez aussi demander votre note au guichet.',
} as const;

const QUARTERS = ['', 'le premier quart', 'le deuxième quart', 'le troisième quart', 'le dernier quart'];

/** « Vous êtes 14e sur 120 », or the quarter, or that nothing is told. */
export function rankOf(note: Note): string {
  if (note.rang != null) return `Vous êtes ${formatNumber(note.rang)}${note.rang === 1 ? 'er' : 'e'} sur ${formatNumber(note.semblables)} demandes.`;
  if (note.quart != null) return `Vous êtes dans ${QUARTERS[note.quart] ?? ''} de ${formatNumber(note.semblables)} demandes.`;
  return WORDS.few;
}

/** Months as years and months: « 2 ans et 3 mois ». */
export function spell(months: number): string {
  const [years, rest] = [Math.floor(months / 12), months % 12];
  const y = years > 0 ? `${years} an${years > 1 ? 's' : ''}` : '';
  const m = rest > 0 || years === 0 ? `${rest} mois` : '';
  return [y, m].filter(Boolean).join(' et ');
}

/** How long those alike waited. */
export function waitOf(note: Note): string {
  if (!note.delai) return WORDS.late;
  const mean = `Ceux qui ont eu un logement ont attendu ${spell(Math.round(note.delai.moyen))} en moyenne.`;
  const half = note.delai.median != null ? ` Si l’on compte ceux qui attendent encore, la moitié attend plus de ${spell(Math.round(note.delai.median))}.` : ' Moins de la moitié des demandes ont eu un logement.';
  return mean + half;
}
