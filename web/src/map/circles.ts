// Circles of a small map, whose surface is what is counted at a place, and the tip that says it.
import { Popup, type GeoJSONSource, type Map as MapLibre } from 'maplibre-gl';
import type { Feature, FeatureCollection } from 'geojson';
import { formatNumber } from '../lib/format';

export interface Counted {
  /** Longitude and latitude; null: nowhere on the map. */
  centre: readonly number[] | null;
  n: number;
  /** What the tip says. */
  told: string;
  colour: string;
}

export const EMPTY: FeatureCollection = { type: 'FeatureCollection', features: [] };
/** Radius of the largest circle and of the smallest, in pixels. */
const LARGEST = 34;
const LEAST = 7;

export function addCircles(map: MapLibre): void {
  map.addSource('lieux', { type: 'geojson', data: EMPTY });
  map.addLayer({
    id: 'lieux', type: 'circle', source: 'lieux',
    paint: { 'circle-radius': ['get', 'r'], 'circle-color': ['get', 'couleur'], 'circle-opacity': 0.78, 'circle-stroke-color': '#fff', 'circle-stroke-width': 1.5 },
  });
  map.addLayer({
    id: 'nombres', type: 'symbol', source: 'lieux',
    layout: { 'text-field': ['get', 'ecrit'], 'text-font': ['Noto Sans Medium'], 'text-size': 12, 'symbol-sort-key': ['-', 0, ['get', 'n']] },
    paint: { 'text-color': '#fff', 'text-halo-color': ['get', 'couleur'], 'text-halo-width': 1 },
  });
}

/** A tip over features of some layers: their property `dit`. */
export function addTip(map: MapLibre, layers: readonly string[]): void {
  const told = new Popup({ closeButton: false, closeOnClick: false, offset: 8 });
  for (const layer of layers) {
    map.on('mousemove', layer, (e) => {
      const feature = e.features?.[0];
      if (!feature) return;
      map.getCanvas().style.cursor = 'default';
      told.setLngLat(e.lngLat).setText(String(feature.properties.dit)).addTo(map);
    });
    map.on('mouseleave', layer, () => { map.getCanvas().style.cursor = ''; told.remove(); });
  }
}

/** The large ones below the small ones. */
export function drawCircles(map: MapLibre, places: readonly Counted[]): void {
  const most = Math.max(1, ...places.map((p) => p.n));
  const features = places.filter((p) => p.centre && p.n > 0).sort((a, b) => b.n - a.n).map((p): Feature => ({
    type: 'Feature', geometry: { type: 'Point', coordinates: [...(p.centre ?? [])] },
    properties: { n: p.n, ecrit: formatNumber(p.n), dit: p.told, couleur: p.colour, r: Math.max(LEAST, LARGEST * Math.sqrt(p.n / most)) },
  }));
  map.getSource<GeoJSONSource>('lieux')?.setData({ type: 'FeatureCollection', features });
}
