// The figures of the zone that is open: its own, those of recent movers, and those of its parents to compare with.
import { api, isAbort, messageOf, read, type Chiffre, type Mesure } from '../api/client';
import { INCOME_INDICATORS } from '../lib/income';
import { distinct } from '../lib/scales';
import { data } from './data.svelte';
import { sharedQuery } from './page.svelte';

export interface Reference {
  scale: string;
  code: string;
  nom: string;
  /** By indicator. */
  figures: ReadonlyMap<string, Chiffre>;
  /** The same at the other waves. */
  past: Past[];
}

/** Figures of another wave, by indicator. */
export interface Past {
  wave: number;
  figures: ReadonlyMap<string, Chiffre>;
}

type Place = { scale: string; code: string };

/** Scales a zone is compared with, nearest first. */
const PARENTS: Record<string, string[]> = { departement: [], epci: ['departement'], commune: ['epci', 'departement'] };
export const parentsOf = (scale: string | null): string[] => PARENTS[scale ?? ''] ?? ['commune', 'epci', 'departement'];

const byIndicator = (figures: readonly Chiffre[]): ReadonlyMap<string, Chiffre> => new Map(figures.map((c) => [c.indicateur, c]));
const otherWaves = (): number[] => data.waves.filter((w) => w !== data.wave);

class Sheet {
  measure = $state.raw<Mesure | null>(null);
  recents = $state.raw<Mesure | null>(null);
  references = $state.raw<Reference[]>([]);
  past = $state.raw<Past[]>([]);
  /** The other waves are on their way: their place is kept. */
  waiting = $state(false);
  /** A territory chosen by the user, beside the parents. */
  versus = $state.raw<Reference | null>(null);
  loading = $state(false);
  error = $state<string | null>(null);
  /** Where the user clicked, to know the parents of a zone without its list. */
  point: [number, number] | null = null;

  clear(): void {
    this.measure = this.recents = null;
    this.references = [];
    this.past = [];
    this.waiting = false;
    this.error = null;
    this.loading = false;
  }

  /** Loads the territory that sheets are compared with; gives the way to abandon. */
  compareWith(place: Place): () => void {
    const abort = new AbortController();
    this.#reference(place.scale, place.code, sharedQuery(), abort.signal)
      .then((reference) => !abort.signal.aborted && (this.versus = reference))
      .catch(() => !abort.signal.aborted && (this.versus = null));
    return () => abort.abort();
  }

  /** Loads a listed zone; gives the way to abandon. */
  open(place: Place): () => void {
    const abort = new AbortController();
    const { signal } = abort;
    this.loading = true;
    this.error = null;
    const path = { echelle: place.scale, code: place.code };
    const shared = sharedQuery();
    read(api.GET('/api/zones/{echelle}/{code}', { params: { path, query: shared }, signal }))
      .then((measure) => {
        if (signal.aborted) return;
        this.measure = measure;
        this.loading = false;
      })
      .catch((error: unknown) => this.#failed(error, signal));
    read(api.GET('/api/zones/{echelle}/{code}', { params: { path, query: { ...shared, population: 'RECENTS' } }, signal }))
      .then((recents) => !signal.aborted && (this.recents = recents))
      .catch(() => !signal.aborted && (this.recents = null));
    this.waiting = otherWaves().length > 0;
    void this.#pastOf(place.scale, place.code, shared, signal).then((past) => {
      if (signal.aborted) return;
      this.past = past;
      this.waiting = false;
    });
    void this.#compare(place.scale, () => this.#parents(place), shared, signal);
    return () => abort.abort();
  }

  /** Completes a drawn zone, whose own figures come from the workshop. */
  complete(area: { geometrie: unknown } | { codes: { echelle: string; code: string }[] }, at: [number, number] | null): () => void {
    const abort = new AbortController();
    const { signal } = abort;
    const { population, generation, vague, parc, ...filters } = sharedQuery();
    const body = {
      zones: [{ id: 'recents', ...('codes' in area ? area : { geometrie: area.geometrie as Record<string, unknown> }) }],
      population: 'RECENTS',
      generation: String(generation),
      ...(vague ? { vague: Number(vague) } : {}),
      ...(parc ? { parc: String(parc) } : {}),
      filtres: Object.fromEntries(Object.entries(filters).map(([id, codes]) => [id, String(codes).split(',')])),
      indicateurs: INCOME_INDICATORS,
    };
    const others = otherWaves().map(async (wave): Promise<Past> => {
      const whole = { ...body, zones: body.zones.map((z) => ({ ...z, id: 'avant' })), population: String(population), vague: wave, indicateurs: undefined };
      const [measure] = (await read(api.POST('/api/mesure', { body: whole, signal }))).mesures;
      return { wave, figures: byIndicator(measure?.chiffres ?? []) };
    });
    Promise.all(others)
      .then((past) => !signal.aborted && (this.past = past))
      .catch(() => !signal.aborted && (this.past = []));
    read(api.POST('/api/mesure', { body, signal }))
      .then((answer) => !signal.aborted && (this.recents = answer.mesures[0] ?? null))
      .catch(() => !signal.aborted && (this.recents = null));
    void this.#compare(null, async () => this.#situated(at ?? ('codes' in area ? await this.#centre(area.codes[0]) : [0, 0])), sharedQuery(), signal);
    return () => abort.abort();
  }

  async #compare(scale: string | null, find: () => Promise<Map<string, { code: string; nom: string }>>, query: Record<string, string | number>, signal: AbortSignal): Promise<void> {
    try {
      const known = await find();
      const wanted = distinct(parentsOf(scale).flatMap((id) => (known.has(id) ? [{ scale: id, ...known.get(id)! }] : [])));
      const references = await Promise.all(
        wanted.map(({ scale: id, code }) => this.#reference(id, code, query, signal)),
      );
      if (!signal.aborted) this.references = references;
    } catch {
      // A comparison that can't be had leaves the zone's own figures as they are.
      if (!signal.aborted) this.references = [];
    }
  }

  async #reference(scale: string, code: string, query: Record<string, string | number>, signal: AbortSignal): Promise<Reference> {
    const path = { echelle: scale, code };
    const [measure, past] = await Promise.all([read(api.GET('/api/zones/{echelle}/{code}', { params: { path, query }, signal })), this.#pastOf(scale, code, query, signal)]);
    return { scale, code, nom: measure.zone.nom, figures: byIndicator(measure.chiffres), past };
  }

  /** The zone at the other waves; one that did not exist then has no past. */
  async #pastOf(scale: string, code: string, query: Record<string, string | number>, signal: AbortSignal): Promise<Past[]> {
    const path = { echelle: scale, code };
    const all = await Promise.all(
      otherWaves().map((wave) =>
        read(api.GET('/api/zones/{echelle}/{code}', { params: { path, query: { ...query, vague: wave } }, signal })).then(
          (measure): Past[] => [{ wave, figures: byIndicator(measure.chiffres) }],
          (): Past[] => [],
        ),
      ),
    );
    return all.flat();
  }

  async #parents(place: Place): Promise<Map<string, { code: string; nom: string }>> {
    if (this.point) return this.#situated(this.point);
    const zone = (await data.zones(place.scale)).find((z) => z.code === place.code);
    if (zone?.commune == null && zone?.epci == null && zone?.departement == null) {
      return zone?.centre ? this.#situated([zone.centre[0] ?? 0, zone.centre[1] ?? 0]) : new Map();
    }
    const found = new Map<string, { code: string; nom: string }>();
    for (const scale of ['commune', 'epci', 'departement'] as const) {
      const code = zone[scale];
      if (code == null) continue;
      const parent = (await data.zones(scale).catch(() => [])).find((z) => z.code === code);
      if (parent) found.set(scale, { code, nom: parent.nom });
    }
    return found;
  }

  /** A point of the first zone of a list. */
  async #centre(first: { echelle: string; code: string } | undefined): Promise<[number, number]> {
    const zone = first && (await data.zones(first.echelle)).find((z) => z.code === first.code);
    return [zone?.centre?.[0] ?? 0, zone?.centre?.[1] ?? 0];
  }

  async #situated([lon, lat]: [number, number]): Promise<Map<string, { code: string; nom: string }>> {
    const situation = await read(api.GET('/api/situation', { params: { query: { lon, lat } } }));
    const found = new Map<string, { code: string; nom: string }>();
    for (const scale of ['commune', 'epci', 'departement'] as const) {
      const place = situation[scale];
      if (place) found.set(scale, { code: place.code, nom: place.nom });
    }
    return found;
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (isAbort(error) || signal.aborted) return;
    this.measure = null;
    this.error = messageOf(error);
    this.loading = false;
  }
}

export const sheet = new Sheet();
