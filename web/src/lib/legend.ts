// The legend as data: what each colour, pattern and circle of the map means, with how many zones. The page, the image and the paper
// draw it; nothing is read back from the screen.
import { COLOR, LARGEST_DISC } from '../map/layers';
import { classOf, legend as classRows } from './classes';
import { breakDecimals, counted, formatChange, formatNumber, formatValue } from './format';
import { isPointScale, plural } from './scales';
import { largestOf, trendWord, type Cross, type Shown } from './shown';

export type LegendMark =
  | { kind: 'fill' | 'dot'; color: string }
  /** Secrecy, and what has no value: patterns, so that no class can be taken for them. */
  | { kind: 'hatch' | 'dots' | 'ring' | 'land' | 'surface' }
  /** A change that may be chance: striped areas, pale circles. */
  | { kind: 'pale' | 'striped'; colors: readonly string[] }
  | { kind: 'line'; color: string }
  /** Two indicators at once: colours and zones of each place, the first row at the bottom. */
  | { kind: 'matrix'; columns: number; colors: readonly string[]; counts: readonly number[]; labels: readonly string[] }
  | { kind: 'sizes'; color: string; circles: { count: number; radius: number }[] };

export interface LegendRow {
  id: string;
  mark: LegendMark;
  label: string;
  /** A word after the label: « hausse forte ». */
  word?: string;
  /** Zones. */
  count: number | null;
  /** The figure to compare with, where it falls in this class. */
  reference?: { nom: string; value: string };
}

export interface MapLegend {
  title: string;
  /** Who and by what: « Tous les ménages, par commune ». */
  subtitle: string;
  /** Which territory. */
  place: string;
  /** Classes, the highest first. */
  classes: LegendRow[];
  /** Secrecy, missing values, lines, sizes. */
  others: LegendRow[];
  foot: string;
}

export interface LegendQuestion {
  shown: Shown;
  indicator: { libelle: string; sens: string; domaine: string };
  scale: { id: string; libelle: string; zones: number };
  place: string;
  population: string;
  size: 'logements' | 'repondants';
  /** Circles stand over areas. */
  circles: boolean;
  limited: boolean;
  filtered: boolean;
  /** Source of the figures where it is not that of 1 January; else empty. */
  source: string;
  years: readonly number[];
  generation: string;
  qpv: boolean;
}

export const lower = (text: string): string => text.replace(/^[A-Z](?=[a-zéèê])/, (c) => c.toLowerCase());
const POPULATIONS: Record<string, string> = { RECENTS: 'Emménagés récents', ANCIENS: 'Ménages anciens' };

export function mapLegend(question: LegendQuestion): MapLegend {
  const { shown, indicator, scale, place } = question;
  return {
    title: shown.croix ? `${shown.croix.across.nom} et ${lower(shown.croix.up.nom)}` : indicator.libelle, place,
    subtitle: [whoAndWhat(question), `par ${lower(scale.libelle)}`].filter(Boolean).join(', '),
    classes: shown.croix ? [] : classesOf(question), others: othersOf(question),
    foot: `${counted(shown.codes.length, lower(scale.libelle), lower(plural(scale.libelle)))}${shown.rule ? `. ${shown.rule}` : shown.kind === 'valeur' ? '' : shown.unite === 'pts' ? ' ; seuils de 2 et 5 points' : ' ; seuils autour de zéro'}`,
  };
}

function whoAndWhat({ shown, indicator, population, years, source }: LegendQuestion): string {
  const who = indicator.domaine === 'parc' && !shown.croix ? '' : (POPULATIONS[population] ?? 'Tous les ménages');
  if (shown.kind === 'valeur' || shown.kind === 'croisement') return who || source;
  if (shown.kind === 'typologie') return `Typologie, ${years[0]} et ${years[1]}`;
  if (shown.kind === 'ecart') return 'Écart des emménagés récents à tous les ménages, en points';
  return `${who ? `${who}, évolution` : 'Évolution'} de ${years[0]} à ${years[1]}${shown.unite === 'pts' ? ', en points' : ''}`;
}

function classesOf({ shown, indicator, place }: LegendQuestion): LegendRow[] {
  const rows = classRows(shown.valeurs, shown.bornes, indicator.sens, shown.unite, shown.colors);
  // Counts are told by the surface of circles alone.
  if (shown.compte) return [];
  const at = shown.reference ? classOf(shown.reference.valeur, shown.bornes) : null;
  const decimals = shown.unite === 'nombre' ? 0 : 1;
  return rows
    .filter((row) => rows.length > 1 || row.count > 0)
    .map((row): LegendRow => {
      const word = shown.kind === 'evolution' && shown.unite === 'pts' ? trendWord([-9, -3, 0, 3, 9][row.index] ?? 0) : '';
      const reference = at === row.index && shown.reference
        ? { nom: nameOf(shown.reference.nom, place), value: shown.kind === 'valeur' ? formatValue(shown.reference.valeur, shown.unite, decimals) : formatChange(shown.reference.valeur ?? 0, shown.unite, decimals) }
        : null;
      return { id: String(row.index), mark: { kind: 'fill', color: row.color }, label: shown.labels?.[row.index] ?? row.label, count: row.count, ...(word ? { word } : {}), ...(reference ? { reference } : {}) };
    })
    .reverse();
}

/** The server calls the whole that is loaded « Territoire »: the page knows its name. */
export const nameOf = (reference: string, place: string): string => (reference === 'Territoire' && place ? (/^\d/.test(place) ? `l’ensemble des ${place}` : place) : reference);

function othersOf(question: LegendQuestion): LegendRow[] {
  const { shown, scale, circles, size, qpv, generation } = question;
  const points = isPointScale(scale.id);
  const discs = points || circles;
  const secrets = shown.secret.filter(Boolean).length;
  const missing = shown.valeurs.filter((v, i) => v == null && !shown.secret[i]).length - shown.ecartes;
  const pale = shown.significatif?.filter((s) => s === false).length ?? 0;
  // Zones that the answer does not list stay as the land; in a territory, all the others would.
  const empty = points || circles || question.limited ? 0 : scale.zones - shown.codes.length;
  const single = shown.kind === 'valeur' || shown.kind === 'typologie';
  const none: LegendMark = { kind: discs ? 'ring' : 'dots' };
  const row = (id: string, mark: LegendMark, label: string, count: number | null): LegendRow[] => (count === null || count > 0 ? [{ id, mark, label, count }] : []);
  return [
    ...(shown.croix ? [matrixOf(shown, shown.croix)] : []),
    ...(discs && !points ? sizesOf(shown, size) : []),
    ...row('secret', discs ? { kind: 'dot', color: COLOR.secret } : { kind: 'hatch' }, `secret statistique${single ? '' : ' (l’un des deux chiffres)'}`, secrets),
    ...row('arrondi', none, 'arrondi à 5 points : pas comparé', shown.ecartes),
    ...row('sans', none, single ? 'pas de valeur' : 'absent de l’un des deux', missing),
    ...row('vide', { kind: 'land' }, emptyLabel(question), empty),
    ...row('pale', { kind: discs ? 'pale' : 'striped', colors: [shown.colors[0] ?? COLOR.mark, shown.colors.at(-1) ?? COLOR.mark] }, `${discs ? 'pâle' : 'rayé de blanc'} : ${shown.kind === 'ecart' ? 'moins de 20 emménagés récents' : 'non significatif (indicatif)'}`, pale),
    ...(qpv ? row('qpv', { kind: 'line', color: COLOR.qpv }, `quartier prioritaire ${generation}`, null) : []),
    ...(points ? row('surface', { kind: 'surface' }, `surface : nombre de ${shown.compte || size === 'logements' ? 'logements' : 'ménages répondants'}`, null) : []),
  ];
}

/** The square of two indicators, with what each side is cut at. */
function matrixOf(shown: Shown, { across, up, columns }: Cross): LegendRow {
  const side = ({ nom, unite, bornes }: Cross['across']): string => `${nom}${bornes.length > 0 ? ` (${bornes.map((b) => formatValue(b, unite, breakDecimals(bornes))).join(' et ')})` : ''}`;
  const counts = shown.colors.map((_, k) => shown.valeurs.filter((v) => v === k).length);
  return { id: 'croix', mark: { kind: 'matrix', columns, colors: shown.colors, counts, labels: shown.labels ?? [] }, label: `→ ${side(across)}`, word: `↑ ${side(up)}`, count: null };
}

const emptyLabel = ({ filtered, indicator }: LegendQuestion): string =>
  filtered ? 'sans logement retenu par les filtres' : `sans logement social${indicator.domaine === 'parc' ? '' : ', ou hors de vos droits'}`;

/** Sizes worth showing: round numbers, the largest of them at most the largest circle. */
function sizesOf(shown: Shown, size: 'logements' | 'repondants'): LegendRow[] {
  const largest = largestOf(shown, size);
  const counts = [1, 0.25].map((part) => roundDown(largest * part)).filter((n, i, all) => n > 0 && all.indexOf(n) === i);
  const what = shown.compte || size === 'logements' ? 'logements' : 'ménages répondants';
  return [{
    id: 'tailles', label: `${counts.map((n) => formatNumber(n)).join(' et ')} ${what}`, count: shown.compte ? shown.valeurs.filter((v) => v !== null).length : null,
    mark: { kind: 'sizes', color: shown.compte ? (shown.colors[0] ?? COLOR.mark) : 'none', circles: counts.map((count) => ({ count, radius: LARGEST_DISC * Math.sqrt(count / largest) })) },
  }];
}

/** To one digit, or two where the first would lose more than a quarter. */
function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  const one = Math.floor(value / power) * power;
  return one >= value * 0.75 ? one : Math.floor((value / power) * 2) * (power / 2);
}
