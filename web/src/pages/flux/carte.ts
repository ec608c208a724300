// The map of the flow: communes, QPV, one circle a place whose surface is what is counted there, a lessor's own dwellings as dots.
import { Popup, type GeoJSONSource, type Map as MapLibre } from 'maplibre-gl';
import type { Feature, FeatureCollection } from 'geojson';
import type { CarteFlux, TileJson } from '../../api/client';
import { baseMap } from '../../map/base';
import { addGround, frame, type Place as At } from '../../map/plain';
import { DISTRICT } from '../../kit/palette';
import type { Place } from './places';

const empty: FeatureCollection = { type: 'FeatureCollection', features: [] };
/** Radius of the largest circle, in pixels. */
const LARGEST = 34;

export class FluxMap {
  readonly ready: Promise<void>;
  readonly #map: MapLibre;

  constructor(container: HTMLElement, communes: TileJson | null, qpv: TileJson | null) {
    this.#map = baseMap({ container, title: 'Carte de la gestion en flux', center: [2.5, 46.5], zoom: 5, maxZoom: 18 });
    this.ready = new Promise((resolve) => this.#map.once('load', () => {
      const map = this.#map;
      addGround(map, communes, qpv, 'qpv2024');
      map.addSource('lieux', { type: 'geojson', data: empty });
      map.addLayer({
        id: 'lieux', type: 'circle', source: 'lieux',
        paint: { 'circle-radius': ['get', 'r'], 'circle-color': ['get', 'couleur'], 'circle-opacity': 0.78, 'circle-stroke-color': '#fff', 'circle-stroke-width': 1.5 },
      });
      map.addLayer({
        id: 'nombres', type: 'symbol', source: 'lieux',
        layout: { 'text-field': ['to-string', ['get', 'n']], 'text-font': ['Noto Sans Medium'], 'text-size': 12, 'symbol-sort-key': ['-', 0, ['get', 'n']] },
        paint: { 'text-color': '#fff', 'text-halo-color': ['get', 'couleur'], 'text-halo-width': 1 },
      });
      map.addSource('logements', { type: 'geojson', data: empty });
      map.addLayer({
        id: 'logements', type: 'circle', source: 'logements',
        paint: { 'circle-radius': 4.5, 'circle-color': ['get', 'couleur'], 'circle-stroke-color': '#1d2b36', 'circle-stroke-width': 1 },
      });
      const told = new Popup({ closeButton: false, closeOnClick: false, offset: 8 });
      for (const layer of ['lieux', 'logements']) {
        map.on('mousemove', layer, (e) => {
          const feature = e.features?.[0];
          if (!feature) return;
          map.getCanvas().style.cursor = 'default';
          told.setLngLat(e.lngLat).setText(String(feature.properties.dit)).addTo(map);
        });
        map.on('mouseleave', layer, () => { map.getCanvas().style.cursor = ''; told.remove(); });
      }
      resolve();
    }));
  }

  /** Draws the places and dwellings; goes to them if `fit`. */
  show(places: Place[], dwellings: CarteFlux['logements'], fit: boolean): void {
    const most = Math.max(1, ...places.map((p) => p.n));
    const circles = places.filter((p) => p.centre && p.n > 0).sort((a, b) => b.n - a.n).map((p): Feature => ({
      type: 'Feature', geometry: { type: 'Point', coordinates: p.centre ?? [] },
      properties: { n: p.n, dit: p.told, couleur: p.colour, r: Math.max(7, LARGEST * Math.sqrt(p.n / most)) },
    }));
    const dots = dwellings.map((d): Feature => ({
      type: 'Feature', geometry: { type: 'Point', coordinates: [d.lon, d.lat] },
      properties: { couleur: d.en_qpv ? DISTRICT.dans : DISTRICT.hors, dit: `${d.logement} : ${d.etape}${d.refus ? `, ${d.refus} refus` : ''}` },
    }));
    this.#map.getSource<GeoJSONSource>('lieux')?.setData({ type: 'FeatureCollection', features: circles });
    this.#map.getSource<GeoJSONSource>('logements')?.setData({ type: 'FeatureCollection', features: dots });
    const at = [...places.flatMap((p): At[] => (p.centre && p.n > 0 ? [p.centre] : [])), ...dwellings.map((d): At => [d.lon, d.lat])];
    if (fit) frame(this.#map, at, 50, 13);
  }

  destroy(): void {
    this.#map.remove();
  }
}
