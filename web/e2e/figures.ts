// What the tests ask of the HTTP interface, apart from the application's own client.
import { get } from './harness';

export interface Figure {
  indicateur: string;
  valeur: number | null;
  unite: string;
  decimales: number;
  secret: boolean;
}
export interface Measure {
  zone: { nom: string };
  couverture: { logements: number | null };
  chiffres: Figure[];
}
export interface Values {
  codes: string[];
  noms: string[];
  valeurs: (number | null)[];
  secret: boolean[];
  bornes: number[];
}
export interface ListedZone {
  code: string;
  nom: string;
  centre: [number, number];
  emprise: [number, number, number, number];
}
export interface Catalogue {
  emprise: [number, number, number, number];
  echelles: { id: string; zones: number }[];
}
export interface Indicator {
  id: string;
  libelle: string;
  domaine: string;
  unite: string;
}

/** A zone of a scale whose value may be shown, the one with most dwellings that lies well inside its middle. */
export async function shownZone(scale: string, indicator: string): Promise<ListedZone> {
  const [values, list] = await Promise.all([get<Values>(`/api/valeurs/${scale}?indicateur=${indicator}`), get<{ zones: ListedZone[] }>(`/api/zones?echelle=${scale}`)]);
  const open = new Set(values.codes.filter((_, i) => values.valeurs[i] !== null && !values.secret[i]));
  const zone = list.zones.find((z) => open.has(z.code) && z.centre);
  if (!zone) throw new Error(`no zone of ${scale} has a value of ${indicator} that may be shown`);
  return zone;
}

export const figureOf = (measure: Measure, indicator: string): Figure => {
  const figure = measure.chiffres.find((c) => c.indicateur === indicator);
  if (!figure) throw new Error(`the measure has no ${indicator}`);
  return figure;
};
