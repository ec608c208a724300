// Sets of zones that the person may open, and the one whose zones are on the map.
import { api, messageOf, read, type Ensemble, type Mesure, type ZoneGardee } from '../api/client';
import { page } from './page.svelte';
import type { Saved } from '../lib/kept';
import { workshop } from './workshop.svelte';

export type Visibilite = Ensemble['visibilite'];

/** One zone at two millésimes; `null` where it can't be measured (a code that is not there any more). */
export interface Drift {
  nom: string;
  before: Mesure | null;
  now: Mesure | null;
}

const body = (z: Saved): ZoneGardee => ({ nom: z.nom, ...(z.geometrie ? { geometrie: z.geometrie as unknown as Record<string, unknown> } : { codes: z.codes ?? [] }) });

class Ensembles {
  list = $state.raw<Ensemble[]>([]);
  opened = $state.raw<Ensemble | null>(null);
  error = $state<string | null>(null);
  busy = $state(false);
  /** What was just erased, as long as it can be undone at once. */
  erased = $state.raw<Ensemble | null>(null);

  async load(): Promise<void> {
    await this.#try(async () => {
      this.list = await read(api.GET('/api/ensembles'));
      this.opened = this.list.find((e) => e.id === this.opened?.id && !e.efface) ?? null;
    });
  }

  /** Keeps the zones at hand as a new set. */
  async add(nom: string, visibilite: Visibilite): Promise<boolean> {
    return this.#try(async () => {
      const { id } = await read(api.POST('/api/ensembles', { body: { nom, visibilite, zones: workshop.kept().map(body) } }));
      await this.#reload(id);
    });
  }

  /** Writes the zones at hand, or another name or audience, over a set. */
  async change(set: Ensemble, change: { nom?: string; visibilite?: Visibilite; zones?: true }): Promise<boolean> {
    const { zones, ...rest } = change;
    return this.#try(async () => {
      const params = { path: { id: set.id } };
      await read(api.PATCH('/api/ensembles/{id}', { params, body: { version: set.version, ...rest, ...(zones ? { zones: workshop.kept().map(body) } : {}) } }));
      await this.#reload(set.id);
    });
  }

  /** Puts the zones of a set on the map, in place of those at hand. */
  async open(set: Ensemble): Promise<boolean> {
    return this.#try(async () => {
      const { ensemble, zones } = await read(api.GET('/api/ensembles/{id}', { params: { path: { id: set.id } } }));
      await workshop.replaceAll(zones.map((z) => ({ nom: z.nom, ...(z.geometrie ? { geometrie: z.geometrie as unknown as Saved['geometrie'] } : {}), ...(z.codes ? { codes: z.codes } : {}) }) as Saved));
      this.opened = ensemble;
    });
  }

  async erase(set: Ensemble): Promise<void> {
    await this.#try(async () => {
      await read(api.DELETE('/api/ensembles/{id}', { params: { path: { id: set.id } } }));
      this.erased = set;
      await this.#reload(this.opened?.id === set.id ? null : (this.opened?.id ?? null));
    });
  }

  async restore(set: Ensemble): Promise<void> {
    await this.#try(async () => {
      await read(api.POST('/api/ensembles/{id}/restauration', { params: { path: { id: set.id } } }));
      this.erased = null;
      await this.#reload(this.opened?.id ?? null);
    });
  }

  /** The zones at hand at another millésime and now, for one indicator. */
  async drift(millesime: number, indicator: string): Promise<Drift[]> {
    const zones = workshop.kept();
    const [before, now] = await Promise.all([measure(zones, indicator, millesime), measure(zones, indicator, null)]);
    return zones.map((z, i) => ({ nom: z.nom, before: before[i] ?? null, now: now[i] ?? null }));
  }

  async #reload(opened: string | null): Promise<void> {
    this.list = await read(api.GET('/api/ensembles'));
    this.opened = this.list.find((e) => e.id === opened) ?? null;
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    this.error = null;
    try {
      await work();
      return true;
    } catch (fault) {
      this.error = messageOf(fault);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

/** Measures zones together; one by one when a code of one of them is not in that millésime. */
async function measure(zones: readonly Saved[], indicator: string, millesime: number | null): Promise<(Mesure | null)[]> {
  const ask = (some: readonly Saved[]): Promise<Mesure[]> =>
    read(
      api.POST('/api/mesure', {
        body: {
          zones: some.map(body), population: page.population, generation: page.generation, filtres: $state.snapshot(page.filters), indicateurs: [indicator],
          ...(millesime ? { millesime } : {}),
        },
      }),
    ).then((answer) => answer.mesures);
  try {
    return await ask(zones);
  } catch (fault) {
    if (zones.length === 1) return [null];
    const each = await Promise.all(zones.map((z) => ask([z]).then((m) => m[0] ?? null, () => null)));
    if (each.every((m) => m === null)) throw fault;
    return each;
  }
}

export const ensembles = new Ensembles();
