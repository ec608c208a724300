// A map of the lessor's workspace: base map, QPV of the day, scale and sources; what each page draws comes over it.
import { AttributionControl, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { qpvLayers } from './layers';

setWorkerUrl(workerUrl);

export type Place = readonly [number, number];

export interface PlainMap {
  map: MapLibre;
  /** Its layers are there, and others can come. */
  ready: Promise<void>;
  /** The person asked for less motion. */
  still: boolean;
}

/** Tiles of the server, by layer. */
export const tilesOf = (name: string): string[] => [`${location.origin}/tiles/${name}/{z}/{x}/{y}.mvt`];

export function plainMap(container: HTMLElement, centre: Place, title: string): PlainMap {
  const map = new MapLibre({
    container, style: '/fond/style.json', center: [...centre], zoom: 16, maxZoom: 19, attributionControl: false, dragRotate: false, pitchWithRotate: false,
    transformRequest: (url) => ({ url: url.startsWith('/') ? location.origin + url : url }),
    locale: { 'Map.Title': title, 'NavigationControl.ZoomIn': 'Zoomer', 'NavigationControl.ZoomOut': 'Dézoomer', 'ScaleControl.Meters': 'm', 'ScaleControl.Kilometers': 'km' },
  });
  map.touchZoomRotate.disableRotation();
  // Where tests, and a curious person at the console, ask it for places on the screen.
  Object.assign(container, { mosaique: map });
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 110 }), 'bottom-right');
  map.addControl(new AttributionControl({ compact: false, customAttribution: 'RPLS (SDES) · contours IGN, ANCT · BAN' }), 'bottom-right');
  const ready = new Promise<void>((resolve) => map.once('load', () => {
    map.addSource('qpv', { type: 'vector', tiles: tilesOf('qpv2024'), minzoom: 8, maxzoom: 14 });
    for (const layer of qpvLayers('qpv2024')) map.addLayer(layer);
    resolve();
  }));
  return { map, ready, still: matchMedia('(prefers-reduced-motion: reduce)').matches };
}

/** The box of some places. */
export function boxOf(places: readonly Place[]): [Place, Place] {
  const [xs, ys] = [places.map((p) => p[0]), places.map((p) => p[1])];
  return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
}
