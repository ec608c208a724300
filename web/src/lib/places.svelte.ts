// Names of the territories that conventions name by scale and code.
import { api, read } from '../api/client';

const names = $state<Record<string, string>>({});
const asked = new Set<string>();

const SCALES: Record<string, string> = { epci: 'EPCI', departement: 'département', region: 'région' };

/** A text that names places by scale and code (« departement 01, epci 200099018 »), with their names. */
export const named = (text: string): string =>
  text.replace(/\b(region|departement|epci|commune) ([0-9AB]{2,9})\b/g, (_, scale: string, code: string) => {
    const name = placeName(`${scale}:${code}`);
    return name === `${scale}:${code}` ? `${SCALES[scale] ?? scale} ${code}` : name;
  });

/** `epci:200099018` → « CA du Val d'Orme »; the code itself until the name is known, or if it is not loaded. */
export function placeName(place: string): string {
  const [scale = ''] = place.split(':');
  if (!asked.has(scale)) {
    asked.add(scale);
    void read(api.GET('/api/zones', { params: { query: { echelle: scale, limite: 100_000 } } })).then(
      ({ zones }) => zones.forEach((z) => z.nom && (names[`${scale}:${z.code}`] = z.nom)),
      () => undefined,
    );
  }
  return names[place] ?? place;
}
