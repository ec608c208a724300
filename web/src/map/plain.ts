// Maps beside a page: in the lessor's workspace the base map, QPV of the day, scale and sources; elsewhere communes and QPV under what the page draws.
import type { Map as MapLibre } from 'maplibre-gl';
import type { TileJson } from '../api/client';
import { baseMap, lessMotion, tilesOf, vector } from './base';
import { COMMUNE_LAYERS, GROUND_LAYER, qpvLayers } from './layers';

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
  const ready = new Promise<void>((resolve) => map.once('load', () => {
    map.addSource('qpv', { type: 'vector', tiles: tilesOf('qpv2024'), minzoom: 8, maxzoom: 14 });
    for (const layer of qpvLayers('qpv2024')) map.addLayer(layer);
    resolve();
  }));
  return { map, ready, still: lessMotion() };
}

/** Land, communes and QPV of a generation, each where its tiles are known. */
export function addGround(map: MapLibre, communes: TileJson | null, qpv: TileJson | null, generation: string): void {
  if (communes) {
    map.addSource('communes', vector(communes));
    map.addLayer(GROUND_LAYER);
    for (const l of COMMUNE_LAYERS) map.addLayer(l);
  }
  if (qpv) {
    map.addSource('qpv', vector(qpv));
    for (const l of qpvLayers(generation)) map.addLayer(l);
  }
}

/** Goes to some places, at once unless it is asked otherwise, if there are any. */
export function frame(map: MapLibre, places: readonly Place[], padding: number, maxZoom: number, animate = false): void {
  if (places.length === 0) return;
  const [southWest, northEast] = boxOf(places);
  map.fitBounds([[...southWest], [...northEast]], { padding, maxZoom, animate });
}

/** The box of some places. */
export function boxOf(places: readonly Place[]): [Place, Place] {
  const [xs, ys] = [places.map((p) => p[0]), places.map((p) => p[1])];
  return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
}
