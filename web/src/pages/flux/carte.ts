// The map of the flow: communes, QPV, one circle a place whose surface is what is counted there, a lessor's own dwellings as dots.
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Feature } from 'geojson';
import type { CarteFlux, TileJson } from '../../api/client';
import { baseMap } from '../../map/base';
import { addCircles, addTip, drawCircles, EMPTY } from '../../map/circles';
import { addGround, frame, type Place as At } from '../../map/plain';
import { DISTRICT } from '../../kit/palette';
import type { Place } from './places';

export class FluxMap {
  readonly ready: Promise<void>;
  readonly #map: MapLibre;

  constructor(container: HTMLElement, communes: TileJson | null, qpv: TileJson | null) {
    this.#map = baseMap({ container, title: 'Carte de la gestion en flux', center: [2.5, 46.5], zoom: 5, maxZoom: 18 });
    this.ready = new Promise((resolve) => this.#map.once('load', () => {
      const map = this.#map;
      addGround(map, communes, qpv, 'qpv2024');
      addCircles(map);
      map.addSource('logements', { type: 'geojson', data: EMPTY });
      map.addLayer({
        id: 'logements', type: 'circle', source: 'logements',
        paint: { 'circle-radius': 4.5, 'circle-color': ['get', 'couleur'], 'circle-stroke-color': '#1d2b36', 'circle-stroke-width': 1 },
      });
      addTip(map, ['lieux', 'logements']);
      resolve();
    }));
  }

  /** Draws the places and dwellings; goes to them if `fit`. */
  show(places: Place[], dwellings: CarteFlux['logements'], fit: boolean): void {
    const dots = dwellings.map((d): Feature => ({
      type: 'Feature', geometry: { type: 'Point', coordinates: [d.lon, d.lat] },
      properties: { couleur: d.en_qpv ? DISTRICT.dans : DISTRICT.hors, dit: `${d.logement} : ${d.etape}${d.refus ? `, ${d.refus} refus` : ''}` },
    }));
    drawCircles(this.#map, places);
    this.#map.getSource<GeoJSONSource>('logements')?.setData({ type: 'FeatureCollection', features: dots });
    const at = [...places.flatMap((p): At[] => (p.centre && p.n > 0 ? [p.centre] : [])), ...dwellings.map((d): At => [d.lon, d.lat])];
    if (fit) frame(this.#map, at, 50, 13);
  }

  destroy(): void {
    this.#map.remove();
  }
}
