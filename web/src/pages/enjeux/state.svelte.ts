// What the page of residences shows: one EPCI, how it is ranked and narrowed, what people decided, and which residence is looked at.
import { api, ApiError, messageOf, read, type DossierRpems, type Fragilite, type ListeRpems, type ResidenceLue } from '../../api/client';
import { UrlChoices } from '../../lib/choices.svelte';

export const ORDERS = [
  { id: 'alertes', name: 'Alertes' },
  { id: 'score', name: 'Score' },
  { id: 'centile', name: 'Centile' },
] as const;
export type Order = (typeof ORDERS)[number]['id'];

/** What counts as an alert: the first is the server's own. */
export const ALERTS = [
  { id: '', name: 'Multiple' },
  { id: 'points', name: 'Points' },
  { id: 'wilson', name: 'Borne basse' },
] as const;

const NAMES = ['epci', 'ordre', 'qpv', 'bailleur', 'residence', 'alertes'] as const;
type Name = (typeof NAMES)[number];

class Page {
  readonly #url = new UrlChoices('/enjeux', NAMES);
  answer = $state.raw<Fragilite | null>(null);
  list = $state.raw<ListeRpems | null>(null);
  error = $state<string | null>(null);
  /** Figures are not open to the reader: asking again changes nothing, and the list of the law stays. */
  refused = $state(false);
  loading = $state(false);
  /** Codes under the pointer, and inside the rectangle drawn on the chart. */
  hovered = $state<string | null>(null);
  brushed = $state.raw<ReadonlySet<string> | null>(null);

  get(name: Name): string {
    return this.#url.get(name);
  }

  get order(): Order {
    return ORDERS.find((o) => o.id === this.get('ordre'))?.id ?? 'alertes';
  }

  /** Changes a choice; an empty value takes it away. */
  set(name: Name, value: string): void {
    // « Back » closes the sheet of a residence, it does not leave the page.
    const opens = name === 'residence' && value !== '' && this.get('residence') === '';
    this.#url.set({ [name]: value, ...(name === 'epci' ? { bailleur: '', residence: '' } : {}) }, opens);
    if (name !== 'residence') this.brushed = null;
    if (name === 'epci' || name === 'alertes') void this.load();
  }

  /** The browser went back: only another EPCI or another alert is asked for anew. */
  back(): void {
    const changed = this.#url.back();
    if (changed.includes('epci') || changed.includes('alertes')) void this.load();
  }

  /** The address of this page with these choices. */
  address(): string {
    return this.#url.address();
  }

  /** Residences that the choices keep, in their order; those that are not classed come last. */
  get rows(): ResidenceLue[] {
    const [qpv, bailleur] = [this.get('qpv'), this.get('bailleur')];
    const kept = (this.answer?.residences ?? []).filter(
      (r) => (qpv === '' || r.en_qpv === (qpv === 'dans')) && (bailleur === '' || r.bailleur?.code === bailleur) && (!this.brushed || this.brushed.has(r.code)),
    );
    const key = { alertes: (r: ResidenceLue) => r.nb_alertes, score: (r: ResidenceLue) => r.score, centile: (r: ResidenceLue) => r.centile }[this.order];
    const of = (r: ResidenceLue): number => key(r) ?? Number.NEGATIVE_INFINITY;
    return kept.sort((a, b) => of(b) - of(a) || (b.score ?? -9) - (a.score ?? -9) || a.code.localeCompare(b.code));
  }

  get selected(): ResidenceLue | null {
    return this.answer?.residences.find((r) => r.code === this.get('residence')) ?? null;
  }

  file(residence: string): DossierRpems | null {
    return this.list?.dossiers.find((d) => d.residence === residence) ?? null;
  }

  async load(): Promise<void> {
    this.loading = true;
    const [epci, alertes] = [this.get('epci'), this.get('alertes')];
    try {
      this.answer = await read(api.GET('/api/residences/fragilite', { params: { query: { ...(epci ? { epci } : {}), ...(alertes ? { alertes } : {}) } } }));
      [this.error, this.refused] = [null, false];
    } catch (error) {
      [this.error, this.refused] = [messageOf(error), error instanceof ApiError && error.status === 403];
    }
    await this.reload();
    this.loading = false;
  }

  /** Files again, after a decision. Who may not read them still reads the figures. */
  async reload(): Promise<void> {
    const epci = this.error ? this.get('epci') : this.answer?.epci.code;
    this.list = await read(api.GET('/api/rpems', { params: { query: epci ? { epci } : {} } })).catch(() => null);
  }
}

export const residences = new Page();
