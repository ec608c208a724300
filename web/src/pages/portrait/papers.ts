// Portraits that the server writes as PDF: editions, addresses.

export const EDITIONS = [
  { id: 'restreinte', name: 'Diffusion restreinte', short: 'diffusion restreinte', purpose: 'vos droits, résidences comprises ; ne se publie pas' },
  { id: 'publique', name: 'Édition publique', short: 'édition publique', purpose: 'parc seulement, sans résidence ni chiffre de ménages' },
] as const;

export type Edition = (typeof EDITIONS)[number]['id'];

/** Scales whose communes can have a portrait each, in one archive. */
export const COMPOSED = ['epci', 'departement'];

type Stock = Readonly<Record<string, string | number>>;

function asked(stock: Stock, more: Record<string, string>): string {
  const some = Object.entries({ ...more, ...stock }).filter(([, value]) => value !== '');
  return new URLSearchParams(some.map(([name, value]) => [name, String(value)])).toString();
}

/** The portrait of a zone of a scale. */
export function paperAddress({ scale, code }: { scale: string; code: string }, edition: Edition, stock: Stock): string {
  return `/api/portraits/${encodeURIComponent(scale)}/${encodeURIComponent(code)}?${asked(stock, { edition })}`;
}

/** Those of all communes of a territory. */
export function papersAddress(dans: string, edition: Edition, stock: Stock): string {
  return `/api/portraits?${asked(stock, { echelle: 'commune', dans, edition })}`;
}
