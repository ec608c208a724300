// Many indicators for every zone of a territory: one question an indicator, one row a zone, and the wider territories above.
import { api, isAbort, messageOf, read, type Catalogue, type Indicateur, type Valeurs, type ZoneListee } from '../../api/client';
import { UrlChoices } from '../../lib/choices.svelte';
import { hasDistricts } from '../../lib/scales';
import { session } from '../../session/session.svelte';
import { wider, type Cell, type Row } from './rows';

type Fixed = 'dans' | 'echelle' | 'indicateurs' | 'vague' | 'population' | 'tri';
/** Filters of the map come with its address, and hold here. */
type Name = Fixed | `f.${string}`;
const FIXED: readonly Fixed[] = ['dans', 'echelle', 'indicateurs', 'vague', 'population', 'tri'];
const asked = new URLSearchParams(location.search);
const FILTERS = [...new Set(asked.keys())].filter((key): key is `f.${string}` => key.startsWith('f.'));
/** What the map's address says of the map alone. */
const OF_THE_MAP = ['indicateur', 'zone', 'vue', 'classes', 'methode', 'seuils', 'etiquettes', 'symboles', 'taille', 'avec', 'adresse', 'cherche'];

/** Shown first: who, resources, families, age, movement, stock. */
const USUAL = ['I02', 'I06', 'I08', 'I13C', 'I14', 'P02', 'P10', 'P13'];
/** Says nothing among recent movers alone, or among the others: 100 % or 0 %. */
const OF_MOVERS = 'I14';
/** More columns than this is no table to be read. */
export const MOST_COLUMNS = 16;
/** Scales whose zones are read by their name in a table; squares and addresses are for the map. */
const SCALES = ['departement', 'epci', 'commune', 'arrondissement', 'iris', 'qpv2024', 'qpv2015', 'residence'];
const TERRITORIES = ['departement', 'epci', 'commune', 'arrondissement'] as const;
const HOMES: Record<string, string> = { epci: 'epci', commune: 'commune', ddets: 'departement' };

export interface Column { indicator: Indicateur; unite: string; source: string }
export interface Answer { rows: Row[]; parents: Row[]; columns: Column[]; millesime: number; vague: number | null; refused: string[]; left: boolean; key: string }
/** A filter that holds, in words. */
export interface Kept { name: `f.${string}`; id: string; codes: string; words: string }

class Tables {
  readonly #url = new UrlChoices<Name>('/tableaux', [...FIXED, ...FILTERS]);
  catalogue = $state.raw<Catalogue | null>(null);
  indicators = $state.raw<Indicateur[]>([]);
  territories = $state.raw<{ scale: string; zones: ZoneListee[] }[]>([]);
  answer = $state.raw<Answer | null>(null);
  error = $state<string | null>(null);
  loading = $state(false);
  /** What the address asked for and is not there: said once. */
  unknown = $state<string[]>([]);
  /** The commune of who reads, among those of its EPCI. */
  own = $state<string | null>(null);
  #abort: AbortController | null = null;

  get(name: Name): string {
    return this.#url.get(name);
  }

  set(changes: Partial<Record<Name, string>>): void {
    this.#url.set(changes);
    if (!('tri' in changes)) void this.load();
  }

  /** Order of the rows: changes nothing of what is asked. */
  sortBy(order: string): void {
    this.#url.set({ tri: order });
  }

  /** Filters of the question: choices of the catalogue, the rest was dropped at the start. */
  get filters(): Kept[] {
    return FILTERS.flatMap((name): Kept[] => {
      const [id, codes] = [name.slice(2), this.get(name)];
      const filter = this.catalogue?.filtres.find((f) => f.id === id);
      if (!filter || !codes) return [];
      return [{ name, id, codes, words: `${filter.libelle} : ${filter.modalites.filter((m) => codes.split(',').includes(m.code)).map((m) => m.libelle).join(', ')}` }];
    });
  }

  /** The same, as the interface takes them. */
  get filterQuery(): Record<string, string> {
    return Object.fromEntries(this.filters.map(({ id, codes }) => [id, codes]));
  }

  /** Scales that have zones, and that rights open in some way. */
  get scales(): Catalogue['echelles'] {
    return SCALES.flatMap((id) => (this.catalogue?.echelles ?? []).filter((s) => s.id === id && s.zones > 0 && (s.parc || s.occupation)));
  }

  get scale(): string {
    const asked = this.get('echelle');
    return this.scales.some((s) => s.id === asked) ? asked : (this.scales.find((s) => s.id === 'commune')?.id ?? this.scales[0]?.id ?? '');
  }

  get chosen(): string[] {
    const asked = this.get('indicateurs').split(',').filter(Boolean);
    const known = new Set(this.indicators.map((i) => i.id));
    const found = asked.filter((id) => known.has(id));
    return (found.length > 0 ? found : USUAL.filter((id) => known.has(id))).slice(0, MOST_COLUMNS);
  }

  get waves(): number[] {
    return (this.catalogue?.millesimes ?? []).flatMap((m) => (m.vague ? [m.vague] : [])).sort((a, b) => b - a);
  }

  toggle(id: string, on: boolean): void {
    const next = on ? [...this.chosen, id] : this.chosen.filter((each) => each !== id);
    this.set({ indicateurs: next.join(',') });
  }

  async start(): Promise<void> {
    try {
      [this.catalogue, this.indicators] = await Promise.all([read(api.GET('/api/catalogue')), read(api.GET('/api/indicateurs'))]);
      const known = new Set(this.catalogue.echelles.map((e) => e.id));
      this.territories = await Promise.all(
        TERRITORIES.filter((scale) => known.has(scale)).map(async (scale) => ({ scale, zones: (await read(api.GET('/api/zones', { params: { query: { echelle: scale, limite: 100_000 } } })).catch(() => ({ zones: [] }))).zones.sort((a, b) => a.nom.localeCompare(b.nom, 'fr')) })),
      );
      this.#sift();
      await this.#home();
      await this.load();
    } catch (fault) {
      this.error = messageOf(fault);
    }
  }

  /** Takes out of the address what these data or this page do not have, and says it. */
  #sift(): void {
    const drop: Partial<Record<Name, string>> = {};
    const absent: string[] = [];
    const out = (name: Name, said: string, left = ''): void => {
      drop[name] = left;
      absent.push(said);
    };
    const [place, scale, vague, population, columns] = [this.get('dans'), this.get('echelle'), this.get('vague'), this.get('population'), this.get('indicateurs').split(',').filter(Boolean)];
    if (place && !this.territories.some((t) => t.zones.some((z) => `${t.scale}:${z.code}` === place))) out('dans', `le territoire « ${place} »`);
    if (scale && !this.scales.some((s) => s.id === scale)) out('echelle', `l’échelle « ${scale} »`);
    if (vague && !this.waves.includes(Number(vague))) out('vague', `l’enquête « ${vague} »`);
    if (population === 'TOUS') drop.population = '';
    else if (population && !['RECENTS', 'ANCIENS'].includes(population)) out('population', `la population « ${population} »`);
    const strangers = columns.filter((id) => !this.indicators.some((i) => i.id === id));
    for (const id of strangers) out('indicateurs', `l’indicateur « ${id} »`, columns.filter((c) => !strangers.includes(c)).join(','));
    for (const name of FILTERS) {
      const [filter, codes] = [this.catalogue?.filtres.find((f) => f.id === name.slice(2)), this.get(name).split(',').filter(Boolean)];
      if (!filter) out(name, `le filtre « ${name.slice(2)} »`);
      else {
        const kept = codes.filter((code) => filter.modalites.some((m) => m.code === code));
        for (const code of codes.filter((c) => !kept.includes(c))) out(name, `« ${code} » (${filter.libelle.toLowerCase()})`, kept.join(','));
      }
    }
    for (const key of new Set(asked.keys())) if (!(FIXED as readonly string[]).includes(key) && !key.startsWith('f.') && !OF_THE_MAP.includes(key)) absent.push(`« ${key} »`);
    this.unknown = absent;
    this.#url.set(drop);
  }

  /** An account begins on its own territory; a commune, among those of its EPCI. */
  async #home(): Promise<void> {
    const me = await session.ready;
    const scale = me?.connecte ? HOMES[me.role] : undefined;
    if (!scale) return;
    const mine = await read(api.GET('/api/organisation')).catch(() => null);
    const found = this.territories.find((t) => t.scale === scale)?.zones.find((z) => z.code === mine?.code);
    if (!found) return;
    const among = scale === 'commune' && found.epci && !hasDistricts(found.code);
    if (scale === 'commune') this.own = found.code;
    if (!this.get('dans')) this.#url.set({ dans: among ? `epci:${found.epci}` : `${scale}:${found.code}` });
  }

  async load(): Promise<void> {
    if (!this.catalogue || !this.scale) return;
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    this.loading = true;
    const [dans, vague, population] = [this.get('dans'), Number(this.get('vague')), this.get('population')];
    const query = { ...(vague ? { vague } : {}), ...(population ? { population } : {}), ...this.filterQuery };
    const refused: string[] = [];
    const ask = async (id: string): Promise<Valeurs | null> => {
      try {
        return await read(api.GET('/api/valeurs/{echelle}', { params: { path: { echelle: this.scale }, query: { ...query, indicateur: id, ...(dans ? { dans } : {}) } }, signal: abort.signal }));
      } catch (fault) {
        if (isAbort(fault)) throw fault;
        refused.push(`${this.indicators.find((i) => i.id === id)?.libelle ?? id} : ${messageOf(fault)}`);
        return null;
      }
    };
    try {
      const told = this.chosen.filter((id) => !(population && id === OF_MOVERS));
      const chosen = told.length > 0 ? told : this.chosen;
      // One that is a row of the table would stand there twice.
      const places = wider(dans, this.territories).filter((p) => p.scale !== this.scale);
      const [answers, parents] = await Promise.all([
        Promise.all(chosen.map(ask)),
        Promise.all(places.map(async (place) => ({
          place,
          mesure: await read(api.GET('/api/zones/{echelle}/{code}', { params: { path: { echelle: place.scale, code: place.code }, query: { ...query, indicateurs: chosen.join(',') } }, signal: abort.signal })).catch(() => null),
        }))),
      ]);
      if (abort.signal.aborted) return;
      const got = answers.flatMap((values, i) => (values ? [{ id: chosen[i] ?? '', values }] : []));
      if (got.length === 0 && refused.length > 0) throw new Error(refused[0]);
      const rows = new Map<string, Row>();
      for (const { id, values } of got) {
        values.codes.forEach((code, i) => {
          const row = rows.get(code) ?? { code, nom: values.noms[i] || code, logements: null, cells: {} };
          row.logements ??= values.logements?.[i] ?? null;
          row.cells[id] = { valeur: values.valeurs[i] ?? null, secret: values.secret[i] ?? false, plus: values.incertitudes?.[i] ?? null };
          rows.set(code, row);
        });
      }
      const vintage = got[0]?.values;
      const survey = got.find((g) => g.values.vague)?.values.vague ?? null;
      this.answer = {
        rows: [...rows.values()],
        parents: parents.flatMap(({ place, mesure }) =>
          mesure ? [{ code: place.code, nom: place.nom, logements: mesure.couverture.logements ?? null, cells: Object.fromEntries(mesure.chiffres.map((c): [string, Cell] => [c.indicateur, { valeur: c.valeur ?? null, secret: c.secret, plus: c.incertitude ?? null }])) }] : [],
        ),
        columns: got.flatMap(({ id, values }) => {
          const indicator = this.indicators.find((i) => i.id === id);
          return indicator ? [{ indicator, unite: values.unite, source: values.source }] : [];
        }),
        millesime: vintage?.millesime ?? 0, vague: survey, refused, left: chosen.length < this.chosen.length, key: `${dans} ${this.scale}`,
      };
      this.error = null;
    } catch (fault) {
      if (isAbort(fault)) return;
      this.error = messageOf(fault);
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }
}

export const tables = new Tables();
