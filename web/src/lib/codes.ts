// Lists of codes as files: a CSV that names zones of the map (IRIS, communes, residences, addresses) instead of drawing them.
import { formatNumber } from './format';
import { ZoneFileError } from './zones';

export interface ListedCodes {
  nom: string;
  codes: { echelle: string; code: string }[];
}

/** What a column of codes may be called, and the scale that it then means. */
const SCALES: Record<string, string> = {
  iris: 'iris', code_iris: 'iris', commune: 'commune', depcom: 'commune', insee: 'commune', code_insee: 'commune', codgeo: 'commune', code_commune: 'commune',
  arrondissement: 'arrondissement', code_arrondissement: 'arrondissement', epci: 'epci', code_epci: 'epci', residence: 'residence', adresse: 'adresse', qpv: 'qpv2024', code_qp: 'qpv2024', qpv2024: 'qpv2024', qpv2015: 'qpv2015', departement: 'departement',
};
const MAX_CODES = 20_000;
const MAX_ZONES = 500;

export const isCodeFile = (name: string): boolean => /\.(csv|txt)$/i.test(name);

/** Reads `echelle;code[;zone]`, or one column whose name says the scale (`code_iris`…); one zone a name, else one for the file. */
export function readCodes(text: string, fallbackName = 'Liste importée'): ListedCodes[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/).filter((line) => line.trim());
  const separator = [';', '\t', ','].find((s) => lines[0]?.includes(s)) ?? ';';
  const cells = (line: string): string[] => line.split(separator).map((c) => c.trim().replace(/^"(.*)"$/, '$1'));
  const header = cells(lines[0] ?? '').map((c) => c.toLowerCase());
  const named = header.findIndex((c) => c in SCALES);
  const [scaleAt, codeAt, zoneAt] = [header.indexOf('echelle'), header.indexOf('code'), header.findIndex((c) => c === 'zone' || c === 'nom')];
  if (!(scaleAt >= 0 && codeAt >= 0) && named < 0) {
    throw new ZoneFileError('La première ligne doit nommer les colonnes : « echelle;code;zone », ou « code_iris », « code_insee », « residence », « adresse »…');
  }
  const zones = new Map<string, ListedCodes>();
  for (const line of lines.slice(1)) {
    const row = cells(line);
    const code = row[scaleAt >= 0 && codeAt >= 0 ? codeAt : named];
    const echelle = scaleAt >= 0 && codeAt >= 0 ? row[scaleAt] : SCALES[header[named] ?? ''];
    if (!code || !echelle) continue;
    const nom = row[zoneAt] || fallbackName;
    const zone = zones.get(nom) ?? { nom, codes: [] };
    if (!zone.codes.some((c) => c.echelle === echelle && c.code === code)) zone.codes.push({ echelle, code });
    zones.set(nom, zone);
  }
  const list = [...zones.values()];
  if (list.length === 0) throw new ZoneFileError('Ce fichier ne liste aucun code sous sa ligne d’en-tête.');
  if (list.length > MAX_ZONES) throw new ZoneFileError(`Ce fichier nomme ${formatNumber(list.length)} zones ; la limite est de ${formatNumber(MAX_ZONES)}.`);
  if (list.some((z) => z.codes.length > MAX_CODES)) throw new ZoneFileError(`Une zone liste plus de ${formatNumber(MAX_CODES)} codes. Découpez-la.`);
  return list;
}
