// The small map of the dwellings proposed elsewhere: communes, QPV, one disc a dwelling with its rank, the dwelling that is checked.
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Feature, FeatureCollection } from 'geojson';
import type { TileJson } from '../../api/client';
import { baseMap } from '../../map/base';
import { addGround, frame } from '../../map/plain';

const empty: FeatureCollection = { type: 'FeatureCollection', features: [] };

export class MiniCarte {
  readonly ready: Promise<void>;
  readonly #map: MapLibre;

  constructor(container: HTMLElement, communes: TileJson | null, qpv: TileJson | null, layer: string) {
    this.#map = baseMap({
      container, title: 'Carte des logements proposés', center: [2.5, 46.5], zoom: 5, maxZoom: 18, keyboard: false, controls: { scale: false, sources: null },
    });
    this.ready = new Promise((resolve) => this.#map.once('load', () => {
      const map = this.#map;
      addGround(map, communes, qpv, layer);
      map.addSource('ailleurs', { type: 'geojson', data: empty, promoteId: 'rang' });
      map.addLayer({
        id: 'ailleurs', type: 'circle', source: 'ailleurs',
        paint: {
          'circle-radius': ['case', ['==', ['get', 'rang'], 0], 8, ['==', ['feature-state', 'on'], true], 13, 10],
          'circle-color': ['case', ['==', ['get', 'rang'], 0], '#c8692c', '#14536b'],
          'circle-stroke-color': ['case', ['==', ['feature-state', 'on'], true], '#1d2b36', '#ffffff'],
          'circle-stroke-width': 2,
        },
      });
      map.addLayer({
        id: 'rangs', type: 'symbol', source: 'ailleurs', filter: ['>', ['get', 'rang'], 0],
        layout: { 'text-field': ['to-string', ['get', 'rang']], 'text-font': ['Noto Sans Medium'], 'text-size': 11, 'text-allow-overlap': true },
        paint: { 'text-color': '#ffffff' },
      });
      resolve();
    }));
  }

  /** Draws the dwellings and goes to them. */
  show(found: { rang: number; at: [number, number] }[], here: [number, number] | null): void {
    // The first is drawn last, over the others.
    const all = [...found].reverse().concat(here ? [{ rang: 0, at: here }] : []);
    const features = all.map(({ rang, at }): Feature => ({ type: 'Feature', properties: { rang }, geometry: { type: 'Point', coordinates: at } }));
    this.#map.getSource<GeoJSONSource>('ailleurs')?.setData({ type: 'FeatureCollection', features });
    frame(this.#map, all.map((p) => p.at), 36, 14.5);
  }

  light(rang: number | null): void {
    if (!this.#map.getSource('ailleurs')) return;
    this.#map.removeFeatureState({ source: 'ailleurs' });
    if (rang !== null) this.#map.setFeatureState({ source: 'ailleurs', id: rang }, { on: true });
  }

  destroy(): void {
    this.#map.remove();
  }
}
