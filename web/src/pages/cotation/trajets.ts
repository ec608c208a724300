// Where demands come from and go to: what is shown of an answer, and its map.
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Feature } from 'geojson';
import type { TileJson, TrajetsDemande } from '../../api/client';
import { formatNumber } from '../../lib/format';
import { baseMap } from '../../map/base';
import { addCircles, addTip, drawCircles, EMPTY, type Counted } from '../../map/circles';
import { addGround, frame, type Place } from '../../map/plain';

/** Circles of communes of the territory, and of where others come from. */
const HERE = '#14536b';
const AWAY = '#a84a1f';
/** Lines of the whole territory: more would hide one another. The table has them all. */
const LINES = 25;
/** Width of the thickest line, in pixels. */
const THICKEST = 9;

export interface Trip { de: string; vers: string | null; from: string; to: string; n: number; away: boolean }

/** Trips to one commune, or to the whole territory (null), the largest first. */
export function tripsTo(answer: TrajetsDemande, vers: string | null): Trip[] {
  const from = new Map(answer.origines.map((o) => [o.code, o]));
  const to = new Map(answer.destinations.map((d) => [d.code, d.nom]));
  return answer.trajets.filter((t) => (t.vers ?? null) === vers).map((t) => ({
    de: t.de, vers: t.vers ?? null, from: from.get(t.de)?.nom ?? t.de, to: t.vers ? (to.get(t.vers) ?? t.vers) : answer.nom,
    n: t.demandes, away: from.get(t.de)?.genre !== 'commune',
  }));
}

/** Trips between two places of the map, for its lines: to one commune, or the largest of all. */
export function lines(answer: TrajetsDemande, vers: string | null): Trip[] {
  const to = vers === null ? answer.destinations.flatMap((d) => tripsTo(answer, d.code)).sort((a, b) => b.n - a.n) : tripsTo(answer, vers);
  return to.filter((t) => t.de !== t.vers).slice(0, LINES);
}

/** A curve from one place to another, bent to its left so that there and back are told apart. */
export function curve([x0, y0]: Place, [x1, y1]: Place, steps = 24): Place[] {
  const [mx, my] = [(x0 + x1) / 2 - (y1 - y0) * 0.18, (y0 + y1) / 2 + (x1 - x0) * 0.18];
  return Array.from({ length: steps + 1 }, (_, i): Place => {
    const t = i / steps;
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return [a * x0 + b * mx + c * x1, a * y0 + b * my + c * y1];
  });
}

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
