// What the page of social mix shows: its choices, which the address holds, and the answer to them.
import { api, isAbort, messageOf, read, type Mixite } from '../../api/client';
import { UrlChoices } from '../../lib/choices.svelte';
import { hasDistricts } from '../../lib/scales';

export const KEYS = [
  { id: 'bailleur', name: 'Bailleur' },
  { id: 'commune', name: 'Commune' },
  { id: 'arrondissement', name: 'Arrondissement' },
  { id: 'epci', name: 'Intercommunalité' },
  { id: 'reservataire', name: 'Réservataire' },
  { id: 'bailleur_departement', name: 'Bailleur et département' },
  { id: 'mois', name: 'Mois' },
] as const;

/** Ways to part the lines of an answer: arrondissements only where it has leases of Paris, Lyon or Marseille. */
export const keys = (answer: Mixite): readonly (typeof KEYS)[number][] =>
  KEYS.filter((k) => k.id !== 'arrondissement' || answer.par === k.id || answer.communes.some((c) => hasDistricts(c.code)));

const NAMES = ['annee', 'par', 'epci', 'commune', 'bailleur'] as const;
type Name = (typeof NAMES)[number];

class Choices {
  readonly #url = new UrlChoices('/mixite', NAMES);
  answer = $state<Mixite | null>(null);
  /** The same leases month by month, for the curves. */
  months = $state.raw<Mixite | null>(null);
  error = $state<string | null>(null);
  loading = $state(false);
  #abort: AbortController | null = null;

  get(name: Name): string {
    return this.#url.get(name);
  }

  /** Changes a choice; an empty value takes it away. */
  set(name: Name, value: string): void {
    this.#url.set({ [name]: value });
    void this.load();
  }

  /** The address of this page with these choices. */
  address(): string {
    return this.#url.address();
  }

  async load(): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    this.loading = true;
    try {
      const { annee, ...rest } = this.#url.query();
      const query = { ...rest, ...(annee ? { annee: Number(annee) } : {}) };
      const ask = (by: object) => read(api.GET('/api/mixite', { params: { query: { ...query, ...by } }, signal: abort.signal }));
      const months = ask({ par: 'mois' }).catch(() => null);
      this.answer = await ask({});
      this.error = null;
      const found = await months;
      if (!abort.signal.aborted) this.months = found;
    } catch (error) {
      if (isAbort(error)) return;
      this.error = messageOf(error);
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }
}

export const choices = new Choices();
