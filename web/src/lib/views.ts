// Views that one keeps by a name: the address of a page with its choices. No figure is kept: each visit asks again, with the rights of the
// day. Where they are kept is in `keepers.ts`.

export interface KeptView {
  nom: string;
  /** Path, search and fragment. */
  adresse: string;
  /** Day on which it was kept, `2026-11-29`. */
  jour: string;
}

export const MOST_VIEWS = 60;
const LONGEST = 80;
const STORE = 'mosaique.vues';

/** Who the views are of: accounts that share a computer do not share them. */
export const storeOf = (courriel: string | null | undefined): string => (courriel ? `${STORE}.${courriel}` : STORE);

const isView = (v: unknown): v is KeptView =>
  typeof v === 'object' && v !== null && 'nom' in v && typeof v.nom === 'string' && 'adresse' in v && typeof v.adresse === 'string' && v.adresse.startsWith('/') && !v.adresse.startsWith('//') && 'jour' in v && typeof v.jour === 'string';

/** What was kept, as text; what can't be read is left out. */
export function readViews(text: string | null): KeptView[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept) ? kept.filter(isView).slice(0, MOST_VIEWS) : [];
  } catch {
    return [];
  }
}

/** The list with one more, the latest first; one of the same name is replaced. Told when there is no room or no name. */
export function withView(views: readonly KeptView[], view: KeptView): { views: KeptView[]; replaced: KeptView | null; error: string | null } {
  const nom = view.nom.trim().slice(0, LONGEST);
  const replaced = views.find((v) => v.nom === nom) ?? null;
  const others = views.filter((v) => v.nom !== nom);
  if (!nom) return { views: [...views], replaced: null, error: 'Donnez un nom à cette vue.' };
  if (others.length >= MOST_VIEWS) return { views: [...views], replaced: null, error: `${MOST_VIEWS} vues sont déjà gardées : supprimez-en une.` };
  return { views: [{ ...view, nom }, ...others], replaced, error: null };
}
