// What the page of cotation shows: its choices, which the address holds, and one answer for the part that is open.
import { ApiError, api, isAbort, messageOf, read, type Candidats, type DemandesCotees, type Grille, type GrillesCotation, type LogementsLibres, type PressionDemande, type SimulationCotation, type TrajetsDemande } from '../../api/client';
import { UrlChoices } from '../../lib/choices.svelte';
import { session } from '../../session/session.svelte';

const PARTS = {
  grilles: 'Grilles',
  simulation: 'Simulation',
  demandes: 'Demandes',
  candidats: 'Candidats',
  pression: 'Pression',
} as const;
export type Tab = keyof typeof PARTS;

/** Parts that a role opens: the acts of `data/access.toml`. */
const OPEN: Record<string, readonly Tab[]> = {
  epci: ['grilles', 'simulation', 'demandes', 'pression'],
  ddets: ['grilles', 'simulation', 'demandes', 'pression'],
  dreal: ['grilles', 'simulation', 'demandes', 'pression'],
  commune: ['grilles', 'demandes', 'pression'],
  bailleur: ['grilles', 'candidats', 'pression'],
};
export const tabsOf = (role: string): { id: Tab; name: string }[] => (OPEN[role] ?? []).map((id) => ({ id, name: PARTS[id] }));

const NAMES = ['epci', 'genre', 'base', 'commune', 'typologie', 'dalo', 'anciennete', 'page', 'par', 'logement'] as const;
type Name = (typeof NAMES)[number];

/** The order of today where no grid is adopted: who asked first. Compared with a grid, it shows what the grid does. */
export const seniority = (epci: string, genre: Grille['genre']): Grille => ({
  nom: 'Ancienneté seule', epci, genre, groupes: [], criteres: [{ code: 'C57', points: 0, preuve: false, progression: { pas: 1, points: 1, plafond: 1000 } }],
});
export const SENIORITY = 'anciennete';

/** Lines of the pressure that are of one EPCI only. */
export const WITHIN = ['typologie', 'quartile', 'mois', 'annee'];

class Cotation {
  readonly #url = new UrlChoices('/cotation', NAMES);
  tab = $state<Tab>('grilles');
  grilles = $state.raw<GrillesCotation | null>(null);
  simulation = $state.raw<SimulationCotation | null>(null);
  demandes = $state.raw<DemandesCotees | null>(null);
  logements = $state.raw<LogementsLibres | null>(null);
  candidats = $state.raw<Candidats | null>(null);
  pression = $state.raw<PressionDemande | null>(null);
  trajets = $state.raw<TrajetsDemande | null>(null);
  /** Grids that are compared: identifiers, or « anciennete ». */
  avant = $state(SENIORITY);
  apres = $state('');
  /** The second one with other points, as they are tried. */
  tried = $state.raw<Grille | null>(null);
  error = $state<string | null>(null);
  /** Why there is nothing to show yet, which is no fault. */
  empty = $state<string | null>(null);
  loading = $state(false);
  #abort: AbortController | null = null;

  get tabs(): { id: Tab; name: string }[] {
    return tabsOf(session.me?.role ?? '');
  }

  get(name: Name): string {
    return this.#url.get(name);
  }

  get genre(): Grille['genre'] {
    return this.get('genre') === 'mutation' ? 'mutation' : 'premiere';
  }

  /** The territory that is looked at: chosen, one's own, or the first that is open. */
  get epci(): string {
    return this.get('epci') || this.grilles?.modifiable || this.grilles?.territoires[0]?.code || '';
  }

  set(changes: Partial<Record<Name, string>>): void {
    this.#url.set('page' in changes ? changes : { ...changes, page: '' });
    // The address keeps the part that is open.
    history.replaceState(null, '', `${this.#url.address()}#${this.tab}`);
    void this.load();
  }

  show(tab: Tab): void {
    this.tab = tab;
    void this.load();
  }

  grid(id: string): Grille | null {
    return id === SENIORITY ? seniority(this.epci, this.genre) : (this.grilles?.grilles.find((g) => g.id === id)?.grille ?? null);
  }

  /** The question of the list of demands, for the list and its CSV. */
  get question(): Record<string, string> {
    return { epci: this.epci, genre: this.genre, ...this.#url.query(['base', 'commune', 'typologie', 'dalo', 'anciennete']) };
  }

  async load(): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const signal = abort.signal;
    this.loading = true;
    const base = this.get('base') === 'definitive' ? ('definitive' as const) : ('provisoire' as const);
    const par = this.get('par');
    try {
      if (this.tab === 'grilles' || !this.grilles) this.grilles = await read(api.GET('/api/cotation/grilles', { signal }));
      if (this.tab === 'simulation') await this.#simulate(base, signal);
      if (this.tab === 'demandes') {
        if (this.epci) this.demandes = await read(api.GET('/api/cotation/demandes', { params: { query: { ...this.question, epci: this.epci, anciennete: Number(this.get('anciennete')) || undefined, page: Number(this.get('page')) || 1 } }, signal }));
        else throw new ApiError('Aucune demande de votre territoire n’est importée.', 404);
      }
      if (this.tab === 'candidats') {
        this.logements ??= await read(api.GET('/api/cotation/logements', { signal }));
        const logement = this.get('logement');
        this.candidats = logement ? await read(api.GET('/api/cotation/candidats', { params: { query: { logement, genre: this.genre, base } }, signal })) : null;
      }
      if (this.tab === 'pression') {
        const within = this.get('epci') || (WITHIN.includes(par) ? this.epci : '');
        this.pression = await read(api.GET('/api/cotation/pression', { params: { query: { ...(par ? { par } : {}), ...(within ? { epci: within } : {}) } }, signal }));
        const epci = within || this.grilles?.modifiable || this.pression.lignes[0]?.epci || this.pression.lignes[0]?.code;
        this.trajets = epci ? await read(api.GET('/api/cotation/trajets', { params: { query: { epci } }, signal })) : null;
      }
      this.error = this.empty = null;
    } catch (error) {
      if (isAbort(error)) return;
      const nothing = error instanceof ApiError && error.status === 404;
      this.empty = nothing ? messageOf(error) : null;
      this.error = nothing ? null : messageOf(error);
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }

  async #simulate(base: 'provisoire' | 'definitive', signal: AbortSignal): Promise<void> {
    const mine = this.grilles?.grilles.filter((g) => g.grille.epci === this.epci && g.grille.genre === this.genre) ?? [];
    const known = (id: string): boolean => mine.some((g) => g.id === id);
    if (!known(this.avant) && this.avant !== SENIORITY) this.avant = SENIORITY;
    if (!known(this.apres)) this.tried = null;
    if (!known(this.apres)) this.apres = (mine.find((g) => g.version == null) ?? mine[0])?.id ?? '';
    const [avant, apres] = [this.grid(this.avant), this.tried ?? this.grid(this.apres)];
    this.simulation = avant && apres ? await read(api.POST('/api/cotation/simulation', { body: { avant, apres, base }, signal })) : null;
  }
}

export const cotation = new Cotation();
export const KIND: Record<string, string> = { premiere: 'premières demandes', mutation: 'mutations' };
