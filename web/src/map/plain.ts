// A map of the lessor's workspace: base map, QPV of the day, scale and sources; what each page draws comes over it.
import type { Map as MapLibre } from 'maplibre-gl';
import { baseMap, lessMotion, tilesOf } from './base';
import { qpvLayers } from './layers';

export { tilesOf };

export type Place = readonly [number, number];

export interface PlainMap {
  map: MapLibre;
  /** Its layers are there, and others can come. */
  ready: Promise<void>;
  /** The person asked for less motion. */
  still: boolean;
}

export function plainMap(container: HTMLElement, centre: Place, title: string): PlainMap {
  const map = baseMap({ container, title, center: [...centre], zoom: 16, controls: { sources: 'RPLS (SDES) · contours IGN, ANCT · BAN' } });
  // Where tests, and a curious person at the console, ask it for places on the screen.
  Object.assign(container, { mosaique: map });
  const ready = new Promise<void>((resolve) => map.once('load', () => {
    map.addSource('qpv', { type: 'vector', tiles: tilesOf('qpv2024'), minzoom: 8, maxzoom: 14 });
    for (const layer of qpvLayers('qpv2024')) map.addLayer(layer);
    resolve();
  }));
  return { map, ready, still: lessMotion() };
}

/** The box of some places. */
export function boxOf(places: readonly Place[]): [Place, Place] {
  const [xs, ys] = [places.map((p) => p[0]), places.map((p) => p[1])];
  return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
}
