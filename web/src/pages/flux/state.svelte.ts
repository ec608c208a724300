// What the page of gestion en flux shows: its choices, which the address holds, and one answer for the part that is open.
import { ApiError, api, isAbort, messageOf, read, type BilanFlux, type CarteFlux, type CalculFlux, type ConventionsFlux, type EquiteFlux, type LogementsFlux, type SuiviFlux, type FicheCommune, type EtatFlux, type ActionLogementFlux } from '../../api/client';
import { UrlChoices } from '../../lib/choices.svelte';

export const TABS = [
  { id: 'suivi', name: 'Suivi' },
  { id: 'carte', name: 'Carte' },
  { id: 'fiche', name: 'Fiche commune' },
  { id: 'conventions', name: 'Conventions' },
  { id: 'calcul', name: 'Calcul de l’année' },
  { id: 'logements', name: 'Logements en cours' },
  { id: 'etat', name: 'État, Action Logement' },
  { id: 'equite', name: 'Équité' },
  { id: 'bilan', name: 'Bilan' },
] as const;
export type Tab = (typeof TABS)[number]['id'];

const NAMES = ['annee', 'par', 'bailleur', 'commune', 'au', 'version', 'quoi', 'lieu'] as const;
type Name = (typeof NAMES)[number];

/** What is tried for the year: empty is « as it is ». */
export interface Trial { taux?: number; exclus?: number; parts?: string }

class Flux {
  readonly #url = new UrlChoices('/flux', NAMES);
  tab = $state<Tab>('suivi');
  suivi = $state.raw<SuiviFlux | null>(null);
  conventions = $state.raw<ConventionsFlux | null>(null);
  calcul = $state.raw<CalculFlux | null>(null);
  logements = $state.raw<LogementsFlux | null>(null);
  equite = $state.raw<EquiteFlux | null>(null);
  bilan = $state.raw<BilanFlux | null>(null);
  carte = $state.raw<CarteFlux | null>(null);
  fiche = $state.raw<FicheCommune | null>(null);
  /** Null for who may not read it: Action Logement has its own objectives alone. */
  etat = $state.raw<EtatFlux | null>(null);
  al = $state.raw<ActionLogementFlux | null>(null);
  error = $state<string | null>(null);
  /** Why there is nothing to show yet, which is no fault. */
  empty = $state<string | null>(null);
  loading = $state(false);
  #abort: AbortController | null = null;

  get(name: Name): string {
    return this.#url.get(name);
  }

  /** Changes a choice; an empty value takes it away. */
  set(name: Name, value: string): void {
    // A version is that of one lessor and one year.
    this.#url.set({ [name]: value, ...(name === 'annee' || name === 'bailleur' ? { version: '' } : {}) });
    // The address keeps the part that is open.
    history.replaceState(null, '', `${this.#url.address()}#${this.tab}`);
    void this.load();
  }

  show(tab: Tab): void {
    this.tab = tab;
    void this.load();
  }

  async load(trial: Trial = {}): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    const signal = abort.signal;
    this.loading = true;
    const { annee, par, bailleur, commune, au, version, quoi, lieu } = this.#url.query();
    const year = annee ? { annee: Number(annee) } : {};
    const lessor = bailleur ? { bailleur } : {};
    try {
      // Years and lessors to choose from, whatever part is open.
      if (this.tab === 'suivi' || !this.suivi) this.suivi = await read(api.GET('/api/flux/suivi', { params: { query: { ...year, ...lessor, ...(par ? { par } : {}) } }, signal }));
      if (this.tab === 'conventions') this.conventions = await read(api.GET('/api/flux/conventions', { signal }));
      if (this.tab === 'calcul') this.calcul = await read(api.GET('/api/flux/calcul', { params: { query: { ...year, ...lessor, ...trial } }, signal }));
      if (this.tab === 'logements') this.logements = await read(api.GET('/api/flux/logements', { params: { query: au ? { au } : {} }, signal }));
      if (this.tab === 'fiche') this.fiche = await read(api.GET('/api/flux/fiche', { params: { query: { ...year, ...(commune ? { commune } : {}) } }, signal }));
      if (this.tab === 'etat') {
        this.al = await read(api.GET('/api/flux/action-logement', { params: { query: year }, signal }));
        this.etat = await read(api.GET('/api/flux/etat', { params: { query: year }, signal })).catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 403) return null;
          throw error;
        });
      }
      if (this.tab === 'equite') this.equite = await read(api.GET('/api/flux/equite', { params: { query: { ...year, ...lessor } }, signal }));
      if (this.tab === 'carte') this.carte = await read(api.GET('/api/flux/carte', { params: { query: { ...year, ...(quoi ? { quoi } : {}), ...(lieu ? { par: lieu } : {}) } }, signal }));
      if (this.tab === 'bilan') this.bilan = await read(api.GET('/api/flux/bilan', { params: { query: { ...year, ...lessor, ...(version ? { version: Number(version) } : {}) } }, signal }));
      this.error = this.empty = null;
    } catch (error) {
      if (isAbort(error)) return;
      // A part that is not open to an account will not be by trying again.
      const nothing = error instanceof ApiError && (error.status === 403 || (error.status === 404 && error.place === 'flux'));
      this.empty = nothing ? messageOf(error) : null;
      this.error = nothing ? null : messageOf(error);
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }
}

export const flux = new Flux();
export const COUNTING: Record<string, string> = { orientation: 'orientation acceptée', caleol: 'passage en CALEOL', bail: 'bail signé' };
export const STATUS: Record<string, string> = { projet: 'projet', signee: 'signée', denoncee: 'dénoncée', arrete: 'arrêté préfectoral', a_defaut: 'à défaut : au préfet', retiree: 'retirée' };
