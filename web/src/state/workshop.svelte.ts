// The user's own zones: drawn, imported or put aside to compare, with their figures.
import { api, isAbort, messageOf, read, type DemandeMesure, type Mesure, type Mesures } from '../api/client';
import { keep, restore, type Saved } from '../lib/kept';
import { Latest } from '../lib/latest';
import { broughtBy, notAmong } from '../lib/links';
import { gathered } from '../lib/pieces';
import { middle, type Area } from '../lib/zones';
import type { Carte } from '../map/carte';
import type { Outline, Pen, Tool } from '../map/draw';
import { zonesOf } from './files';
import { page } from './page.svelte';

export interface Zone extends Saved {
  id: string;
  /** A list of one's own (picked, imported), not a zone of the map put aside. */
  listed?: boolean;
  /** Held by the pen: its vertices can be moved. */
  editable: boolean;
}

/** What the address brought when the page opened: it is then written without it. */
let link = broughtBy(globalThis.location?.hash ?? '');

/** Scales whose rest, outside of all zones, the server tells. */
const WIDE = ['commune', 'arrondissement', 'epci', 'departement'];

class Workshop {
  zones = $state.raw<Zone[]>([]);
  measures = $state.raw<Readonly<Record<string, Mesure>>>({});
  /** Why a zone has none, by its id. */
  refused = $state.raw<Readonly<Record<string, string>>>({});
  /** What lies outside of all zones, in the territory that the page is limited to. */
  rest = $state.raw<Mesure | null>(null);
  /** The zones that were just erased together, to bring them back. */
  erased = $state.raw<Saved[] | null>(null);
  /** The zone whose figures are shown. */
  active = $state<string | null>(null);
  /** The outline still under the pen. */
  drawing = $state<string | null>(null);
  tool = $state<Tool>('static');
  canUndo = $state(false);
  canRedo = $state(false);
  error = $state<string | null>(null);
  /** What a file that was read makes worth knowing. */
  notice = $state.raw<string[] | null>(null);
  /** True while a figure is on its way. */
  busy = $state(false);
  comparing = $state(false);
  /** A click on the map adds the zone under it to a list, or takes it out. */
  picking = $state(false);
  /** Grows when an outline is finished: the moment to compare it with its surroundings. */
  finished = $state(0);

  #carte: Carte | null = null;
  #pen: Pen | null = null;
  #loading: Promise<Pen | null> | null = null;
  readonly #names = new Map<string, string>();
  #count = 0;
  /** The list that picked zones go to. */
  #list: string | null = null;
  readonly #latest = new Latest<Mesures>({
    // One frame: figures follow the pen as fast as the server answers.
    interval: 16,
    patience: 1500,
    onResult: (answer) => this.#received(answer),
    onError: (error) => this.#failed(error),
  });

  zone = $derived(this.zones.find((z) => z.id === this.active) ?? null);

  /** Ties the workshop to the map; brings back the zones of the last visit, and those of the link that opened the page. */
  async attach(carte: Carte): Promise<void> {
    this.#carte = carte;
    const saved = restore();
    const brought = await this.#brought();
    const fresh = notAmong(brought, saved);
    if (saved.length + fresh.length === 0) return;
    await this.#addAll([...saved, ...fresh]);
    this.active = null;
    if (brought.length > 0) this.notice = [`${brought.length > 1 ? `${brought.length} zones viennent` : 'Une zone vient'} du lien : elle${brought.length > 1 ? 's sont' : ' est'} parmi les vôtres.`];
  }

  async #brought(): Promise<Saved[]> {
    const { zones, set } = link;
    link = { zones: [], set: null };
    if (!set) return zones;
    try {
      const kept = (await read(api.GET('/api/ensembles/{id}', { params: { path: { id: set } } }))).zones;
      return [...zones, ...kept.map((z) => ({ nom: z.nom, ...(z.geometrie ? { geometrie: z.geometrie as unknown as Area } : { codes: z.codes ?? [] }) }))];
    } catch (error) {
      this.error = `L’ensemble de zones de ce lien ne s’ouvre pas : ${messageOf(error)}`;
      return zones;
    }
  }

  async setTool(tool: Tool): Promise<void> {
    this.picking = false;
    if (tool === 'static' && !this.#pen) return;
    const pen = await this.#open();
    // A new outline begins on a blank sheet.
    if (tool !== 'select' && tool !== 'static') this.active = null;
    pen?.setTool(tool);
  }

  undo(): void {
    this.#pen?.undo();
  }

  redo(): void {
    this.#pen?.redo();
  }

  /** Shows a zone's figures, and gives its vertices to the pen when it can. */
  show(id: string | null, edit = false): void {
    this.active = id;
    if (id && edit) this.#pen?.select(id);
  }

  /** Id of the user's zone under a point. */
  at(lngLat: [number, number]): string | null {
    return this.#pen?.at(lngLat) ?? this.#carte?.fixedAt(lngLat) ?? null;
  }

  rename(id: string, nom: string): void {
    this.#names.set(id, nom);
    this.zones = this.zones.map((z) => (z.id === id ? { ...z, nom } : z));
    this.#saved();
  }

  remove(id: string): void {
    if (this.active === id) this.active = null;
    this.#pen?.remove(id);
    this.zones = this.zones.filter((z) => z.id !== id);
    const { [id]: _dropped, ...rest } = this.measures;
    this.measures = rest;
    if (this.zones.length === 0) this.comparing = false;
    else if (this.rest) this.measureAll();
    this.#saved();
  }

  /** Removes all zones at a person's wish, who may regret it. */
  eraseAll(): void {
    const erased = this.kept();
    this.removeAll();
    this.erased = erased;
  }

  async bringBack(): Promise<void> {
    const erased = this.erased;
    this.erased = null;
    if (erased) await this.#addAll(erased);
    this.active = null;
    this.comparing = true;
  }

  removeAll(): void {
    for (const zone of [...this.zones]) this.remove(zone.id);
  }

  /** Puts a zone of the map aside, to stand in the table beside drawn ones. */
  putAside(nom: string, echelle: string, code: string): void {
    this.putAllAside([{ nom, echelle, code }]);
  }

  /** The same of several, which are measured together. */
  putAllAside(asked: readonly { nom: string; echelle: string; code: string }[]): void {
    const there = (echelle: string, code: string): boolean => this.zones.some((z) => z.codes?.length === 1 && z.codes[0]?.echelle === echelle && z.codes[0].code === code);
    const fresh = asked.filter((z) => !there(z.echelle, z.code)).map(({ nom, echelle, code }): Zone => ({ id: `${echelle}:${code}`, nom, codes: [{ echelle, code }], editable: false }));
    this.zones = [...this.zones, ...fresh];
    this.comparing = true;
    this.#saved();
    this.measureAll();
  }

  /** Begins or ends picking zones of the map; a new list each time. */
  pick(on: boolean): void {
    if (this.tool !== 'static') void this.setTool('static');
    this.picking = on;
    this.#list = null;
    this.active = null;
  }

  /** Adds a zone of the map to the list in hand, or takes it out. */
  toggle(echelle: string, code: string): void {
    const list = this.zones.find((z) => z.id === this.#list);
    const codes = list?.codes ?? [];
    const without = codes.filter((c) => c.echelle !== echelle || c.code !== code);
    const next = without.length < codes.length ? without : [...codes, { echelle, code }];
    if (list && next.length === 0) return this.remove(list.id);
    if (list) {
      this.zones = this.zones.map((z) => (z === list ? { ...list, codes: next } : z));
    } else {
      const id = `choix-${Date.now()}`;
      this.zones = [...this.zones, { id, nom: this.#nameFor(id), codes: next, listed: true, editable: false }];
      this.#list = id;
    }
    this.active = this.#list;
    this.finished += 1;
    this.#saved();
    this.measureAll();
  }

  /** Puts other zones in the place of those at hand: a set that is opened. */
  async replaceAll(zones: readonly Saved[]): Promise<void> {
    this.removeAll();
    await this.#addAll(zones);
    this.active = null;
    this.comparing = zones.length > 0;
    this.#fit(zones.flatMap((z) => z.geometrie ?? []));
  }

  /** Zones without their figures, as files and sets keep them. */
  kept(): Saved[] {
    return this.zones.map(({ nom, geometrie, codes }) => ({ nom, ...(geometrie ? { geometrie } : { codes: codes ?? [] }) }));
  }

  /** Adds the zones of files, one after the other. */
  async importFiles(files: Iterable<File>): Promise<void> {
    this.error = this.notice = null;
    const areas: Area[] = [];
    const said: string[] = [];
    let added = 0;
    try {
      for (const file of await gathered(files)) {
        const found = await zonesOf(file);
        await this.#addAll(found.zones);
        added += found.zones.length;
        areas.push(...found.zones.flatMap((z) => z.geometrie ?? []));
        said.push(...found.said);
      }
    } catch (error) {
      this.error = messageOf(error);
    }
    this.#fit(areas);
    if (added > 1) this.comparing = true;
    if (said.length > 0) this.notice = said;
  }

  /** Measures every zone again (another population, wave or filter). */
  measureAll(): void {
    if (this.zones.length > 0) this.#ask(this.zones);
  }

  async #addAll(areas: readonly Saved[]): Promise<void> {
    this.erased = null;
    const pen = areas.some((a) => a.geometrie) ? await this.#open() : null;
    const added: Zone[] = [];
    for (const { nom, geometrie, codes } of areas) {
      const simple = geometrie?.type === 'MultiPolygon' && geometrie.coordinates.length === 1 ? { type: 'Polygon' as const, coordinates: geometrie.coordinates[0] ?? [] } : geometrie;
      const held = simple?.type === 'Polygon' && simple.coordinates.length === 1 ? (pen?.add(simple) ?? null) : null;
      const id = held ?? `fixe-${Date.now()}-${this.#count++}`;
      this.#names.set(id, nom);
      if (held) this.zones = this.zones.map((z) => (z.id === held ? { ...z, nom } : z));
      added.push({ id, nom, ...(simple ? { geometrie: simple } : {}), ...(codes ? { codes, listed: true } : {}), editable: held !== null });
    }
    const fresh = added.filter((z) => !this.zones.some((known) => known.id === z.id));
    this.zones = [...this.zones, ...fresh];
    this.active = added.at(-1)?.id ?? null;
    this.finished += 1;
    this.#saved();
    this.measureAll();
  }

  #open(): Promise<Pen | null> {
    const carte = this.#carte;
    if (!carte) return Promise.resolve(null);
    this.#loading ??= import('../map/draw')
      .then(({ Pen }) => {
        this.#pen = new Pen({
          map: carte.map,
          onChange: (outlines, touched) => this.#changed(outlines, touched),
          onFinish: () => this.#ended(),
          onSelect: (id) => {
            if (id) this.active = id;
          },
          onTool: (tool) => {
            this.tool = tool;
            carte.pen = tool !== 'static';
          },
          onHistory: (undo, redo) => {
            this.canUndo = undo;
            this.canRedo = redo;
          },
        });
        return this.#pen;
      })
      .catch(() => {
        this.#loading = null;
        this.error = 'L’outil de dessin n’a pas pu être chargé. Vérifiez la connexion au serveur, puis réessayez.';
        return null;
      });
    return this.#loading;
  }

  #changed(outlines: Outline[], touched: string | null): void {
    const known = new Map(this.zones.map((z) => [z.id, z]));
    const drawn = outlines.map((o): Zone => ({ id: o.id, nom: known.get(o.id)?.nom ?? this.#nameFor(o.id), geometrie: o.geometrie, editable: true }));
    const ids = new Set(drawn.map((z) => z.id));
    // Keep the order of arrival: zones already listed first, in place.
    const kept = this.zones.flatMap((z) => (z.editable ? (ids.has(z.id) ? drawn.filter((d) => d.id === z.id) : []) : [z]));
    this.zones = [...kept, ...drawn.filter((d) => !known.has(d.id))];
    this.drawing = outlines.find((o) => o.ouvert)?.id ?? null;
    if (this.active && !this.zones.some((z) => z.id === this.active)) this.active = null;
    const zone = this.zones.find((z) => z.id === touched);
    if (!zone) return;
    this.active = zone.id;
    this.#ask([zone]);
  }

  #ended(): void {
    this.drawing = null;
    this.finished += 1;
    this.#saved();
    // All of them: only zones that are asked together are told where they overlap.
    this.measureAll();
  }

  #nameFor(id: string): string {
    let name = this.#names.get(id);
    if (!name) {
      const used = new Set(this.zones.map((z) => z.nom));
      let n = 1;
      while (used.has(`Zone ${n}`)) n += 1;
      name = `Zone ${n}`;
      this.#names.set(id, name);
    }
    return name;
  }

  #ask(zones: readonly Zone[]): void {
    const whole = zones === this.zones;
    const body: DemandeMesure = {
      zones: zones.map((z) => ({ id: z.id, nom: z.nom, ...(z.geometrie ? { geometrie: z.geometrie as unknown as Record<string, unknown> } : { codes: z.codes ?? [] }) })),
      population: page.population,
      generation: page.generation,
      filtres: $state.snapshot(page.filters),
      ...(page.wave ? { vague: page.wave } : {}),
      ...(page.upToDate ? { parc: 'a_jour' } : {}),
      partiel: true,
      // The rest of the territory is that of all zones.
      ...(whole && page.within && WIDE.includes(page.within.scale) ? { territoire: { echelle: page.within.scale, code: page.within.code } } : {}),
    };
    this.busy = true;
    this.#latest.push(async (signal) => {
      const answer = await read(api.POST('/api/mesure', { body, signal }));
      // While one zone is under the pen, the rest stays as it was.
      return whole ? answer : { ...answer, reste: this.rest };
    });
  }

  #received({ mesures, refusees, reste }: Mesures): void {
    const next = { ...this.measures };
    const refused = { ...this.refused };
    for (const measure of mesures) {
      next[measure.zone.id] = measure;
      delete refused[measure.zone.id];
    }
    for (const { id, detail } of refusees) {
      refused[id] = detail;
      delete next[id];
    }
    this.measures = next;
    this.refused = refused;
    this.rest = reste ?? null;
    this.error = null;
    this.busy = this.#latest.busy;
  }

  #failed(error: unknown): void {
    this.busy = false;
    if (!isAbort(error)) this.error = messageOf(error);
  }

  #fit(areas: readonly Area[]): void {
    const points = areas.flatMap((a) => (a.type === 'Polygon' ? a.coordinates : a.coordinates.flat())).flat();
    const lons = points.map((p) => p[0] ?? 0);
    const lats = points.map((p) => p[1] ?? 0);
    if (points.length === 0) return;
    const bounds = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
    if (bounds.every(Number.isFinite)) this.#carte?.fit(bounds);
  }

  /** Paints the names and the fixed zones, and keeps all zones for the next visit on this computer. */
  #saved(): void {
    this.paint();
    keep(this.kept());
  }

  paint(): void {
    const shapes = this.zones.filter((z) => z.geometrie && z.id !== this.drawing);
    this.#carte?.setPoints('noms-dessins', shapes.map((z) => ({ nom: z.nom, centre: middle(z.geometrie as Area) })));
    this.#carte?.setFixed(shapes.filter((z) => !z.editable).map((z) => ({ type: 'Feature', properties: { id: z.id }, geometry: z.geometrie as Area })));
  }
}

export const workshop = new Workshop();
