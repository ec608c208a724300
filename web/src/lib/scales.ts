// Scales: which one fits a zoom, and how they are named in a sentence.

export interface Scale {
  id: string;
  libelle: string;
  zones: number;
  zoom_min: number;
  zoom_max: number;
}

/** Scales that nest for a reader; QPV, squares and hexagons are chosen by hand. */
const NESTED = ['departement', 'epci', 'commune', 'iris', 'residence', 'adresse'];
const POINTS = ['residence', 'adresse'];

/** Territories that are one city with arrondissements: by communes they would be of one colour. */
const ONE_CITY: Record<string, readonly string[]> = { commune: ['75056', '69123', '13055'], epci: ['75056'], departement: ['75'] };

/** Whether a commune has arrondissements. */
export const hasDistricts = (commune: string): boolean => ONE_CITY.commune?.includes(commune) ?? false;

export const isPointScale = (id: string): boolean => POINTS.includes(id);

/** The finest nested scale with zones whose `zoom_min` is reached; the coarsest one below that. Within one city, arrondissements come before IRIS. */
export function scaleForZoom<S extends Scale>(scales: readonly S[], zoom: number, within?: { scale: string; code: string } | null): S | undefined {
  const city = within && ONE_CITY[within.scale]?.includes(within.code) ? scales.find((s) => s.id === 'arrondissement' && s.zones > 0) : undefined;
  if (city) return [city, ...['iris', 'residence', 'adresse'].flatMap((id) => scales.filter((s) => s.id === id && s.zones > 0 && s.zoom_min <= zoom))].at(-1);
  const all = NESTED.flatMap((id) => scales.filter((s) => s.id === id && s.zones > 0));
  // A département or an EPCI by itself would be of one colour.
  const finer = all.filter((s) => NESTED.indexOf(s.id) > NESTED.indexOf(within?.scale ?? ''));
  const nested = (within?.scale === 'departement' || within?.scale === 'epci') && finer.length > 0 ? finer : all;
  return nested.filter((s) => s.zoom_min <= zoom).at(-1) ?? nested[0] ?? scales.find((s) => s.zones > 0);
}

/** Territories around a zone without those that are the same under another scale: Paris is a commune, a unit of targets and a département. */
export const distinct = <P extends { code: string; nom: string }>(places: readonly P[]): P[] => places.filter((p, i) => !places.slice(0, i).some((q) => q.code === p.code || q.nom === p.nom));

/** « Communes », « EPCI », « Carreaux de 200 m »: names of scales in the plural. */
export function plural(label: string): string {
  const [first = '', ...rest] = label.split(' ');
  const kept = /^[A-Z0-9]{2,}$/.test(first) || /[sx]$/.test(first);
  const many = first.endsWith('eau') ? `${first}x` : `${first}s`;
  return [kept ? first : many, ...rest.map((word) => (word.endsWith('ée') ? `${word}s` : word))].join(' ');
}
