// What a portrait is made of: one zone asked in several ways, each answer with its own secrecy.
import { api, read, type Catalogue, type Chiffre, type Indicateur, type Mesure, type PressionDemande } from '../../api/client';
import { distinct } from '../../lib/scales';
import type { Saved } from '../../lib/kept';
import { middle } from '../../lib/zones';
import { session } from '../../session/session.svelte';

export interface Place {
  scale: string;
  code: string;
  nom: string;
}
export interface Wave {
  vague: number;
  mesure: Mesure;
}
export interface Residence {
  nom: string;
  logements: number | null;
  /** One figure an indicator of `RESIDENCE_INDICATORS`. */
  figures: { valeur: number | null; secret: boolean }[];
}
export interface Portrait {
  catalogue: Catalogue;
  indicators: Indicateur[];
  whole: Mesure;
  recents: Mesure | null;
  parents: { place: Place; mesure: Mesure }[];
  /** In and out of the priority districts; missing at scales that don't say. */
  inside: Mesure | null;
  outside: Mesure | null;
  waves: Wave[];
  residences: Residence[];
  /** Why there is no table of residences. */
  noResidences: string | null;
  /** Those of the zone that are open to the person, where some are not. */
  openResidences: number | null;
  /** Demands of a commune or an EPCI, if an extract is there and open to the person. */
  demand: Demand | null;
}
export interface Demand {
  au: string;
  annee: number;
  delai_mois: number;
  line: PressionDemande['lignes'][number];
}

/** Figures of the first table: who, resources, work, families, age, movement, stock. */
export const KEY_INDICATORS = ['I02', 'I04', 'I05', 'I06', 'I07', 'I08', 'I09', 'I12', 'I13', 'I13C', 'I14', 'P02', 'P10', 'P12', 'P13'];
/** Figures of the QPV table and of the trend. */
export const SPLIT_INDICATORS = ['I02', 'I06', 'I08', 'I14', 'P12', 'P13'];
export const TREND_INDICATORS = ['I02', 'I06', 'I08', 'I14'];
export const RESIDENCE_INDICATORS = ['I02', 'I06', 'I08'];
const RESIDENCES = 12;
const WIDER: Record<string, string[]> = { departement: [], epci: ['departement'], commune: ['epci', 'departement'] };

export const figure = (mesure: Mesure | null, id: string): Chiffre | undefined => mesure?.chiffres.find((c) => c.indicateur === id);

/** What a portrait is of: a zone of a scale, or one of the user's own. */
export type Subject = { scale: string; code: string } | Saved;

interface Stock {
  vague?: number;
  parc?: string;
}
interface Question {
  population?: string;
  qpv?: string;
  vague?: number;
}

async function listed({ scale, code }: { scale: string; code: string }, query: Stock & Question): Promise<Mesure> {
  return read(api.GET('/api/zones/{echelle}/{code}', { params: { path: { echelle: scale, code }, query } }));
}

async function drawn({ nom, geometrie, codes }: Saved, { qpv, ...question }: Stock & Question): Promise<Mesure> {
  const zone = { nom, ...(geometrie ? { geometrie: geometrie as unknown as Record<string, unknown> } : { codes: codes ?? [] }) };
  const { mesures: [mesure] } = await read(api.POST('/api/mesure', { body: { zones: [zone], ...question, filtres: qpv ? { qpv: [qpv] } : {} } }));
  if (!mesure) throw new Error('Le serveur n’a pas mesuré cette zone.');
  return mesure;
}

export async function load(subject: Subject, vague: number | null, upToDate: boolean): Promise<Portrait> {
  const stock: Stock = { ...(vague ? { vague } : {}), ...(upToDate ? { parc: 'a_jour' } : {}) };
  const ask = (more: Question = {}): Promise<Mesure> => ('scale' in subject ? listed(subject, { ...stock, ...more }) : drawn(subject, { ...stock, ...more }));
  const maybe = <T>(work: Promise<T>): Promise<T | null> => work.catch(() => null);

  const [catalogue, indicators, whole] = await Promise.all([read(api.GET('/api/catalogue')), read(api.GET('/api/indicateurs')), ask()]);
  const waves = catalogue.millesimes.flatMap((m) => (m.vague ? [m.vague] : []));
  const [recents, inside, outside, places, series, residences, demand] = await Promise.all([
    maybe(ask({ population: 'RECENTS' })),
    maybe(ask({ qpv: 'DANS' })),
    maybe(ask({ qpv: 'HORS' })),
    parentsOf(subject),
    Promise.all(waves.map(async (wave) => ({ vague: wave, mesure: await maybe(ask({ vague: wave })) }))),
    'scale' in subject ? residencesOf(subject, stock) : NO_RESIDENCES,
    'scale' in subject ? maybe(demandOf(subject)) : null,
  ]);
  const parents = await Promise.all(places.map(async (place) => ({ place, mesure: await maybe(listed(place, stock)) })));
  return {
    catalogue, indicators, whole, recents, inside, outside,
    parents: parents.flatMap((p) => (p.mesure ? [{ place: p.place, mesure: p.mesure }] : [])),
    waves: series.flatMap((s) => (s.mesure ? [{ vague: s.vague, mesure: s.mesure }] : [])).sort((a, b) => a.vague - b.vague),
    ...told(residences, whole.couverture.residences),
    demand,
  };
}

/** The pressure of demand on a commune or an EPCI. */
async function demandOf({ scale, code }: { scale: string; code: string }): Promise<Demand | null> {
  await session.ready;
  if ((scale !== 'commune' && scale !== 'epci') || !session.me) return null;
  const query = { par: scale, ...(scale === 'epci' ? { epci: code } : {}) };
  const { au, annee, delai_mois, lignes } = await read(api.GET('/api/cotation/pression', { params: { query } }));
  const line = lignes.find((l) => l.code === code);
  return line ? { au, annee, delai_mois, line } : null;
}

/** Commune, EPCI and département around a zone, the nearest first. */
async function parentsOf(subject: Subject): Promise<Place[]> {
  try {
    const [lon, lat] = !('scale' in subject) && subject.geometrie ? middle(subject.geometrie) : await centreOf(subject);
    if (lon === undefined || lat === undefined) return [];
    const around = await read(api.GET('/api/situation', { params: { query: { lon, lat } } }));
    return distinct((WIDER['scale' in subject ? subject.scale : ''] ?? ['commune', 'epci', 'departement']).flatMap((id) => {
      const found = around[id as 'commune' | 'epci' | 'departement'];
      return found ? [{ scale: id, code: found.code, nom: found.nom }] : [];
    }));
  } catch {
    return [];
  }
}

/** The middle of a listed zone, or of the first of a list. */
async function centreOf(subject: Subject): Promise<readonly number[]> {
  const first = 'scale' in subject ? { echelle: subject.scale, code: subject.code } : subject.codes?.[0];
  if (!first) return [];
  const { zones } = await read(api.GET('/api/zones', { params: { query: { echelle: first.echelle, limite: 100_000 } } }));
  return zones.find((z) => z.code === first.code)?.centre ?? [];
}

interface Listed { residences: Residence[]; open: number | null; refusal: string | null }
const NO_RESIDENCES: Listed = { residences: [], open: null, refusal: null };

/** What the table says of the residences that rights leave out of it. */
function told({ residences, open, refusal }: Listed, all: number): Pick<Portrait, 'residences' | 'noResidences' | 'openResidences'> {
  const none = open !== 0 ? refusal : all > 0 ? 'Les résidences de cette zone ne sont pas ouvertes à votre organisme.' : 'Aucune résidence n’est repérée dans cette zone.';
  return { residences, noResidences: none, openResidences: open !== null && open < all ? open : null };
}

async function residencesOf({ scale, code }: { scale: string; code: string }, stock: Stock): Promise<Listed> {
  if (scale === 'residence' || scale === 'adresse') return NO_RESIDENCES;
  const query = { dans: `${scale}:${code}`, ...stock };
  try {
    const columns = await Promise.all(RESIDENCE_INDICATORS.map((indicateur) => read(api.GET('/api/valeurs/{echelle}', { params: { path: { echelle: 'residence' }, query: { ...query, indicateur } } }))));
    // A residence that came since the survey is in the columns of the stock alone.
    const each = [...new Set(columns.flatMap((c) => c.codes))];
    const residences = each.map((code): Residence => {
      const found = columns.map((c) => ({ c, at: c.codes.indexOf(code) }));
      const named = found.find(({ at }) => at >= 0);
      return {
        nom: named?.c.noms[named.at] || code,
        logements: named?.c.logements?.[named.at] ?? null,
        figures: found.map(({ c, at }) => ({ valeur: c.valeurs[at] ?? null, secret: at >= 0 && (c.secret[at] ?? true) })),
      };
    });
    const largest = residences.sort((a, b) => (b.logements ?? 0) - (a.logements ?? 0)).slice(0, RESIDENCES);
    return { residences: largest, open: residences.length, refusal: null };
  } catch (fault) {
    return { residences: [], open: null, refusal: fault instanceof Error ? fault.message : null };
  }
}
