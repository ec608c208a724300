// Names of the territories that conventions name by scale and code.
import { api, read } from '../api/client';

const names = $state<Record<string, string>>({});
const asked = new Set<string>();

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
