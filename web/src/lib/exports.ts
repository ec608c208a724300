// Files of figures that the server writes: which there are, and the address of one.

/** What can be asked for, the most asked first. */
export const FORMATS = [
  { id: 'xlsx', name: 'Classeur Excel', purpose: 'chiffres, détail, définitions et sources', mapped: false },
  { id: 'csv', name: 'CSV', purpose: 'une ligne par zone, sans limite de taille', mapped: false },
  { id: 'datapackage', name: 'CSV et sa description', purpose: 'Data Package : types, définitions, droits', mapped: false },
  { id: 'gpkg', name: 'GeoPackage', purpose: 'contours et style, pour QGIS', mapped: true },
  { id: 'geojson', name: 'GeoJSON', purpose: 'contours, pour le web', mapped: true },
  { id: 'parquet', name: 'GeoParquet', purpose: 'R, Python, DuckDB, sans limite de taille', mapped: true },
  { id: 'fgb', name: 'FlatGeobuf', purpose: 'contours indexés, lus par morceaux', mapped: true },
  { id: 'pmtiles', name: 'PMTiles', purpose: 'tuiles pour une carte sans serveur', mapped: true },
] as const;

export type Format = (typeof FORMATS)[number]['id'];

/** The address of a file; what is empty is not asked. */
export function exportAddress(query: Readonly<Record<string, string | number>>, format: Format): string {
  const asked = Object.entries(query).filter(([, value]) => value !== '' && value !== 0);
  const pairs = new URLSearchParams(asked.map(([name, value]) => [name, String(value)]));
  pairs.set('format', format);
  return `/api/export?${pairs}`;
}

/** The file of an address, with the name that the server gives it; the error's message says what to do. */
export async function fetchExport(address: string): Promise<{ name: string; content: Blob }> {
  const answer = await fetch(address).catch(() => null);
  if (!answer) throw new Error('Le serveur ne répond pas : réessayez dans un instant.');
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => null)) as { detail?: string } | null;
    throw new Error(problem?.detail ?? 'Le fichier n’a pas pu être écrit : réessayez dans un instant.');
  }
  return { name: nameOf(answer), content: await answer.blob() };
}

/** The name that the server gives a file. */
export function nameOf(answer: Response): string {
  return /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? 'mosaique';
}
