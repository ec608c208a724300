// What the page of DALO placements shows: choices that the address holds, the list, and the figures of the year beside it.
import { api, messageOf, read, type Mixite, type Placement, type PlacementsDalo } from '../../api/client';
import { UrlChoices } from '../../lib/choices.svelte';

export const STATUTS = [
  { id: 'a_justifier', name: 'à justifier', tag: 'late' },
  { id: 'conteste', name: 'contesté', tag: 'late' },
  { id: 'justifie', name: 'justifié', tag: 'on' },
  { id: 'accepte', name: 'accepté', tag: 'on' },
] as const;

const NAMES = ['epci', 'commune', 'bailleur', 'statut', 'reservataire', 'attend', 'tous'] as const;
type Name = (typeof NAMES)[number];

/** Who must do what next on a placement; null where nobody is awaited. */
export interface Awaited { key: string; who: string; what: 'répondre' | 'accepter ou contester' }
export function awaitedOf(p: Placement): Awaited | null {
  if (!p.attend) return null;
  const what = p.statut === 'justifie' ? 'accepter ou contester' : 'répondre';
  return p.attend === 'etat' ? { key: 'etat', who: 'Services de l’État', what } : { key: p.bailleur, who: p.bailleur_nom, what };
}

/** How often an answer was asked for again. */
export const remindersOf = (p: Placement): number => p.paroles.filter((w) => w.statut === 'relance').length;

/** What each one has to do: the placements that await it, those that are late, and its nearest day. */
export interface Todo extends Awaited { n: number; late: number; reminders: number; next: string | null }
export function todo(placements: readonly Placement[]): Todo[] {
  const by = new Map<string, Todo>();
  for (const p of placements) {
    const awaited = awaitedOf(p);
    if (!awaited) continue;
    const key = `${awaited.key} ${awaited.what}`;
    const line = by.get(key) ?? { ...awaited, n: 0, late: 0, reminders: 0, next: null };
    line.n += 1;
    line.late += Number(p.en_retard);
    line.reminders += remindersOf(p);
    if (p.echeance && (line.next === null || p.echeance < line.next)) line.next = p.echeance;
    by.set(key, line);
  }
  return [...by.values()].sort((a, b) => b.late - a.late || b.n - a.n || a.who.localeCompare(b.who, 'fr'));
}

class Page {
  readonly #url = new UrlChoices('/dalo', NAMES);
  answer = $state.raw<PlacementsDalo | null>(null);
  mix = $state.raw<Mixite | null>(null);
  error = $state<string | null>(null);
  loading = $state(false);

  get(name: Name): string {
    return this.#url.get(name);
  }

  set(name: Name, value: string): void {
    this.#url.set({ [name]: value });
    if (name === 'epci' || name === 'commune' || name === 'bailleur') void this.load();
  }

  address(): string {
    return this.#url.address();
  }

  /** Placements that the choices keep: those to justify unless all are asked for; the newest first. */
  get rows(): Placement[] {
    const [statut, holder, awaited, all] = [this.get('statut'), this.get('reservataire'), this.get('attend'), this.get('tous') === 'oui'];
    const kept = (this.answer?.placements ?? []).filter((p) => (all || p.concerne || p.sorti != null) && (statut === '' || p.statut === statut) && (holder === '' || p.reservataire === holder) && (awaited === '' || awaitedOf(p)?.key === awaited));
    // Who is late first, then who is awaited soonest, then the newest.
    const due = (p: Placement): string => p.echeance ?? '9';
    return kept.sort((a, b) => due(a).localeCompare(due(b)) || Number(b.nouveau) - Number(a.nouveau) || b.jour.localeCompare(a.jour) || a.id.localeCompare(b.id));
  }

  async load(): Promise<void> {
    this.loading = true;
    const query = this.#url.query(['epci', 'commune', 'bailleur']);
    try {
      [this.answer, this.mix] = await Promise.all([
        read(api.GET('/api/dalo/placements', { params: { query } })),
        read(api.GET('/api/mixite', { params: { query } })),
      ]);
      this.error = null;
    } catch (error) {
      this.error = messageOf(error);
    } finally {
      this.loading = false;
    }
  }
}

export const dalo = new Page();
