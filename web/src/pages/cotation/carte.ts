// The map of where demands come from: one circle an origin, whose surface is how many, and a curve from one commune to another.
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Feature } from 'geojson';
import type { TileJson, TrajetsDemande } from '../../api/client';
import { formatNumber } from '../../lib/format';
import { baseMap } from '../../map/base';
import { addCircles, addTip, drawCircles, EMPTY, type Counted } from '../../map/circles';
import { addGround, frame, type Place } from '../../map/plain';
import { curve, lines, tripsTo } from './trajets';

/** Circles of communes of the territory, and of where others come from. */
const HERE = '#14536b';
const AWAY = '#a84a1f';
/** Width of the thickest line, in pixels. */
const THICKEST = 9;

export class TripMap {
  readonly ready: Promise<void>;
  readonly #map: MapLibre;

  constructor(container: HTMLElement, communes: TileJson | null) {
    this.#map = baseMap({ container, title: 'Carte de l’origine des demandes', center: [2.5, 46.5], zoom: 5, maxZoom: 14 });
    this.ready = new Promise((resolve) => this.#map.once('load', () => {
      addGround(this.#map, communes, null, 'qpv2024');
      this.#map.addSource('trajets', { type: 'geojson', data: EMPTY });
      this.#map.addLayer({
        id: 'trajets', type: 'line', source: 'trajets', layout: { 'line-cap': 'round' },
        paint: { 'line-color': ['get', 'couleur'], 'line-width': ['get', 'l'], 'line-opacity': 0.5 },
      });
      addCircles(this.#map);
      addTip(this.#map, ['trajets', 'lieux']);
      resolve();
    }));
  }

  /** Draws where demands come from, and how they go. */
  show(answer: TrajetsDemande, vers: string | null): void {
    const at = new Map([...answer.origines, ...answer.destinations].flatMap((p): [string, Place][] => (p.centre ? [[p.code, p.centre as unknown as Place]] : [])));
    const circles = tripsTo(answer, vers).map((t): Counted => ({
      centre: at.get(t.de) ?? null, n: t.n, colour: t.away ? AWAY : HERE, told: `${t.from} : ${formatNumber(t.n)} demandes`,
    }));
    const drawn = lines(answer, vers);
    const most = Math.max(1, ...drawn.map((t) => t.n));
    const features = drawn.flatMap((t): Feature[] => {
      const [a, b] = [at.get(t.de), at.get(t.vers ?? '')];
      if (!a || !b) return [];
      return [{
        type: 'Feature', geometry: { type: 'LineString', coordinates: curve(a, b).map((p) => [...p]) },
        properties: { l: Math.max(1.5, (THICKEST * t.n) / most), couleur: t.away ? AWAY : HERE, dit: `De ${t.from} vers ${t.to} : ${formatNumber(t.n)} demandes` },
      }];
    });
    drawCircles(this.#map, circles);
    this.#map.getSource<GeoJSONSource>('trajets')?.setData({ type: 'FeatureCollection', features });
    frame(this.#map, [...circles.flatMap((c) => (c.centre ? [c.centre as Place] : [])), ...(vers && at.has(vers) ? [at.get(vers) as Place] : [])], 50, 12);
  }

  destroy(): void {
    this.#map.remove();
  }
}
