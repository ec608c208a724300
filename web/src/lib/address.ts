// An address that was searched: how sure its point is, what is said of it and of the QPV in words, what stands near.

export interface Address {
  label: string;
  lon: number;
  lat: number;
  /** Quality of the point as the RPLS codes it (QUALITE_XY): 11 number, 21 number placed between its neighbours, 12 street, 22 locality, 33 commune. */
  quality: number;
}

/** What the address service says of a hit. */
interface Hit {
  type: string;
  interpolation?: boolean;
}
const QUALITIES: Record<string, number> = { street: 12, locality: 22, municipality: 33 };
export const qualityOf = ({ type, interpolation }: Hit): number => (interpolation ? 21 : type === 'housenumber' ? 11 : (QUALITIES[type] ?? 33));

const PRECISION: Record<number, string> = {
  11: 'Placée à son numéro.', 21: 'Le numéro n’est pas dans la Base adresse nationale : il est placé entre ses voisins.',
  12: 'Placée à la rue, sans numéro.', 22: 'Placée au lieu-dit.', 33: 'Placée à la commune.',
};
export const precisionOf = (quality: number): string => PRECISION[quality] ?? '';

/** The answer of `/api/situation` for one generation of QPV. */
export interface QpvAnswer {
  generation: string;
  reponse: string;
  code?: string | null;
  nom?: string | null;
  distance_bord_m?: number | null;
  motif?: string | null;
}
export interface QpvSaid {
  generation: string;
  /** `inconnu`: the contours of that generation are not loaded. */
  word: 'dedans' | 'dehors' | 'incertain' | 'inconnu';
  detail: string;
  code: string | null;
}

const metres = (m: number): string => (m < 1000 ? `${Math.round(m)}\u00a0m` : `${(Math.round(m / 100) / 10).toLocaleString('fr-FR')}\u00a0km`);

/** One line a generation, in words, the newest first; one without answer is « inconnu », never « dehors ». */
export function qpvSaid(generations: readonly string[], answers: readonly QpvAnswer[]): QpvSaid[] {
  return [...generations].sort().reverse().map((generation): QpvSaid => {
    const a = answers.find((each) => each.generation === generation);
    if (!a) return { generation, word: 'inconnu', detail: 'les contours de cette génération ne sont pas chargés', code: null };
    const far = a.distance_bord_m;
    const name = a.nom ?? a.code ?? '';
    if (a.reponse === 'dedans') return { generation, word: 'dedans', detail: [name, far == null ? '' : `à ${metres(far)} du bord`].filter(Boolean).join(', '), code: a.code ?? null };
    if (a.reponse === 'incertain') return { generation, word: 'incertain', detail: [name, a.motif ?? ''].filter(Boolean).join(' : '), code: a.code ?? null };
    return { generation, word: 'dehors', detail: far == null ? 'aucun à moins de 2 km' : `${name ? `${name} est` : 'le plus proche est'} à ${metres(far)}`, code: null };
  });
}

/** Metres between two places, near enough for a neighbourhood. */
export function between(a: readonly [number, number], b: readonly [number, number]): number {
  const x = (a[0] - b[0]) * 111_320 * Math.cos((((a[1] + b[1]) / 2) * Math.PI) / 180);
  return Math.hypot(x, (a[1] - b[1]) * 110_574);
}

export interface Near<Z> {
  zone: Z;
  metres: number;
}

/** The nearest zones by their middle, no farther than so many metres. */
export function nearest<Z extends { centre?: readonly number[] | null }>(zones: readonly Z[], [lon, lat]: readonly [number, number], within: number, most: number): Near<Z>[] {
  return zones
    .flatMap((zone): Near<Z>[] => {
      const [x, y] = zone.centre ?? [];
      return x === undefined || y === undefined ? [] : [{ zone, metres: between([x, y], [lon, lat]) }];
    })
    .filter((n) => n.metres <= within)
    .sort((a, b) => a.metres - b.metres)
    .slice(0, most);
}

/** In the page's address: `lat,lon,quality,label`. */
export const writeAddress = (a: Address): string => [a.lat.toFixed(6), a.lon.toFixed(6), a.quality, a.label].join(',');
export function readAddress(text: string | null): Address | null {
  const [lat, lon, quality, ...label] = (text ?? '').split(',');
  const at = { lat: Number(lat), lon: Number(lon), quality: Number(quality), label: label.join(',').trim() };
  const whole = lat !== '' && lon !== '' && Math.abs(at.lat) <= 85 && Math.abs(at.lon) <= 180 && at.quality in PRECISION && at.label !== '';
  return whole ? at : null;
}
