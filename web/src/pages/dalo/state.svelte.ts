// What the page of DALO placements shows: choices that the address holds, the list, and the figures of the year beside it.
import { api, messageOf, read, type Mixite, type Placement, type PlacementsDalo } from '../../api/client';
import { UrlChoices } from '../../lib/choices.svelte';

export const STATUTS = [
  { id: 'a_justifier', name: 'à justifier', tag: 'late' },
  { id: 'conteste', name: 'contesté', tag: 'late' },
  { id: 'justifie', name: 'justifié', tag: 'on' },
] as const;

const NAMES = ['epci', 'commune', 'bailleur', 'statut', 'tous'] as const;
type Name = (typeof NAMES)[number];

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
    const [statut, all] = [this.get('statut'), this.get('tous') === 'oui'];
    const kept = (this.answer?.placements ?? []).filter((p) => (all || p.concerne) && (statut === '' || p.statut === statut));
    return kept.sort((a, b) => Number(b.nouveau) - Number(a.nouveau) || b.mois.localeCompare(a.mois) || a.id.localeCompare(b.id));
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
