// A file of addresses: which of its columns make an address, how sure the point of each is, and what is said of its QPV.
import { dsvFormat } from 'd3-dsv';

/** A file as rows; the first is that of titles. */
export interface Sheet { delimiter: string; titles: string[]; rows: string[][] }

/** From this score on the server's own geocoder is sure. No answer carries it, nor the qualities below: a test holds them to what the server says. */
export const SURE = 0.8;
/** What the rules of places call an answer of the address base (`data/survey.toml`, `data/situation.toml`): its number, its street, somewhere in its commune. */
export const QUALITY: Record<string, string> = { housenumber: '41', street: '42' };
export const SOMEWHERE = '33';
/** An answer that may be of another address. */
export const DOUBTFUL = '39';
/** Words of titles whose columns make an address, in the order in which one writes them. */
const PARTS: readonly RegExp[] = [/^(num(e|é)ro|num|n°|numvoie)/i, /^(indrep|indice|bis)/i, /adresse|address|libell|ligne/i, /^(type_?voie|typvoie)/i, /voie|rue/i, /postal|^cp$/i, /commune|ville|libcom|city/i];
/** Titles of columns that look like those and are none. */
const NONE = /courriel|mail|e-?mail|insee|depcom|code_?commune|compl/i;

export function sheetOf(text: string): Sheet {
  const clean = text.replace(/^\ufeff/, '');
  const first = clean.split(/\r?\n/, 1)[0] ?? '';
  const count = (mark: string): number => first.split(mark).length - 1;
  const delimiter = [';', '\t', ','].reduce((best, mark) => (count(mark) > count(best) ? mark : best), ';');
  const [titles = [], ...rows] = dsvFormat(delimiter).parseRows(clean);
  return { delimiter, titles: titles.map((t) => t.trim()), rows: rows.filter((r) => r.some((c) => c.trim() !== '')) };
}

export const write = (sheet: Sheet): string => dsvFormat(sheet.delimiter).formatRows([sheet.titles, ...sheet.rows]);

/** Columns that seem to make the address; all of them if none does. */
export function addressColumns(titles: readonly string[]): string[] {
  const left = titles.filter((t) => !NONE.test(t));
  const found = PARTS.flatMap((part) => left.filter((t) => part.test(t)));
  const once = [...new Set(found)];
  // One column that is the whole address needs no other.
  return once.length > 0 ? once : [...titles];
}

/** Whether the points are in the file: nothing is to be searched then. */
export const hasPoints = (titles: readonly string[]): boolean => {
  const low = titles.map((t) => t.toLowerCase());
  return (low.some((t) => ['lon', 'longitude'].includes(t)) && low.some((t) => ['lat', 'latitude'].includes(t))) || (low.includes('x') && low.includes('y'));
};

/** The answers of the address base, with the quality by which places are judged. */
export function judged(found: Sheet): Sheet {
  const at = (title: string): number => found.titles.indexOf(title);
  const [type, score] = [at('result_type'), at('result_score')];
  const quality = (row: string[]): string => (Number(row[score]) >= SURE ? (QUALITY[row[type] ?? ''] ?? SOMEWHERE) : DOUBTFUL);
  // One of its own would be about another point.
  const own = at('qualite');
  const titles = own < 0 ? found.titles : found.titles.map((t, i) => (i === own ? 'qualite_du_fichier' : t));
  return { ...found, titles: [...titles, 'qualite'], rows: found.rows.map((r) => [...r, (r[at('longitude')] ?? '') === '' ? '' : quality(r)]) };
}

export const WORDS = ['dedans', 'dehors', 'incertain', 'inconnu', 'introuvable'] as const;
export type Word = (typeof WORDS)[number];
/** One address and its answer. */
export interface Placed {
  line: number;
  asked: string;
  found: string;
  /** Of the answer of the address base; NaN for points of the file. */
  score: number;
  kind: string;
  commune: string;
  qpv: Record<string, { word: Word; code: string; name: string; why: string }>;
}

/** What the last answer says, line by line. `columns`: those that made the address. */
export function placedOf(answer: Sheet, columns: readonly string[]): { generations: string[]; placed: Placed[] } {
  const at = (title: string): number => answer.titles.indexOf(title);
  const generations = answer.titles.flatMap((t) => /^qpv(\d{4})$/.exec(t)?.[1] ?? []).sort().reverse();
  const cell = (row: readonly string[], title: string): string => row[at(title)]?.trim() ?? '';
  const placed = answer.rows.map((row, i): Placed => {
    const lost = cell(row, 'situation_erreur');
    const qpv = Object.fromEntries(generations.map((g) => {
      const word = cell(row, `qpv${g}`);
      return [g, { word: lost ? 'introuvable' : ((WORDS as readonly string[]).includes(word) ? (word as Word) : 'inconnu'), code: cell(row, `qpv${g}_code`), name: cell(row, `qpv${g}_nom`), why: lost || cell(row, `qpv${g}_motif`) }];
    }));
    const score = cell(row, 'result_score');
    return { line: i + 2, asked: columns.map((c) => cell(row, c)).filter(Boolean).join(' '), found: cell(row, 'result_label'), score: score === '' ? NaN : Number(score), kind: cell(row, 'result_type'), commune: cell(row, 'commune_nom'), qpv };
  });
  return { generations, placed };
}
