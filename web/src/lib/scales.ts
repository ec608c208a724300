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

export const isPointScale = (id: string): boolean => POINTS.includes(id);

/** The finest nested scale with zones whose `zoom_min` is reached; the coarsest one below that. */
export function scaleForZoom<S extends Scale>(scales: readonly S[], zoom: number): S | undefined {
  const nested = NESTED.flatMap((id) => scales.filter((s) => s.id === id && s.zones > 0));
  return nested.filter((s) => s.zoom_min <= zoom).at(-1) ?? nested[0] ?? scales.find((s) => s.zones > 0);
}

/** « Communes », « EPCI », « Carreaux de 200 m »: names of scales in the plural. */
export function plural(label: string): string {
  const [first = '', ...rest] = label.split(' ');
  const kept = /^[A-Z0-9]{2,}$/.test(first) || /[sx]$/.test(first);
  const many = first.endsWith('eau') ? `${first}x` : `${first}s`;
  return [kept ? first : many, ...rest].join(' ');
}
