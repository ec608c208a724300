// The map of one address: its present point, candidates by number, the point that will be kept, which can be dragged or nudged by keys.
import { Marker } from 'maplibre-gl';
import type { LayerSpecification, Map as MapLibre } from 'maplibre-gl';
import { frame, plainMap, tilesOf, type Place } from '../../map/plain';

export type { Place };

const POINTS: LayerSpecification = {
  id: 'parc', type: 'circle', source: 'parc', 'source-layer': 'adresse', minzoom: 14,
  paint: { 'circle-radius': 5, 'circle-color': '#8a97a0', 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1.5 },
};
/** Metres that an arrow key moves the point. */
const STEP = 2;

export class AddressMap {
  readonly map: MapLibre;
  #now: Marker | null = null;
  #chosen: Marker | null = null;
  #candidates: Marker[] = [];
  readonly #moved: (place: Place) => void;
  readonly #still: boolean;

  constructor(container: HTMLElement, centre: Place, moved: (place: Place) => void) {
    this.#moved = moved;
    const { map, ready, still } = plainMap(container, centre, 'Carte de l’adresse');
    [this.map, this.#still] = [map, still];
    // Arrow keys move the chosen point, not the map.
    map.keyboard.disable();
    void ready.then(() => {
      map.addSource('parc', { type: 'vector', tiles: tilesOf('adresse'), minzoom: 14, maxzoom: 14 });
      map.addLayer(POINTS);
    });
    this.map.on('click', (event) => this.choose(event.lngLat.toArray() as [number, number], true));
  }

  /** Shows an address: where it is now, and where it could be. */
  show(now: Place | null, candidates: readonly { lon: number; lat: number; libelle: string }[], pick: (i: number) => void): void {
    for (const marker of [this.#now, this.#chosen, ...this.#candidates]) marker?.remove();
    this.#chosen = null;
    this.#now = now ? new Marker({ element: pin('now', '', 'Point présent') }).setLngLat([...now]).addTo(this.map) : null;
    this.#candidates = candidates.map((c, i) => {
      const element = pin('candidate', String(i + 1), c.libelle);
      element.addEventListener('click', (event) => {
        event.stopPropagation();
        pick(i);
      });
      return new Marker({ element }).setLngLat([c.lon, c.lat]).addTo(this.map);
    });
    const places: Place[] = [...(now ? [now] : []), ...candidates.map((c): Place => [c.lon, c.lat])];
    this.#fit(places);
  }

  /** Puts the point that will be kept; it can then be dragged, or moved by arrow keys. */
  choose(place: Place, tell = false): void {
    if (!this.#chosen) {
      const element = pin('chosen', '', 'Nouveau point : flèches pour le déplacer');
      element.tabIndex = 0;
      element.addEventListener('keydown', (event) => this.nudge(event));
      this.#chosen = new Marker({ element, draggable: true }).setLngLat([...place]).addTo(this.map);
      this.#chosen.on('dragend', () => this.#tell());
    }
    this.#chosen.setLngLat([...place]);
    if (tell) this.#tell();
    else if (!this.map.getBounds().contains([...place])) this.map.easeTo({ center: [...place], animate: !this.#still });
  }

  nudge(event: KeyboardEvent): void {
    const step = STEP * (event.shiftKey ? 10 : 1);
    const [x, y] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key] ?? [0, 0];
    if (!this.#chosen || (x === 0 && y === 0)) return;
    event.preventDefault();
    event.stopPropagation();
    const { lng, lat } = this.#chosen.getLngLat();
    this.choose([lng + (x ?? 0) / (111_320 * Math.cos((lat * Math.PI) / 180)), lat + (y ?? 0) / 111_132], true);
  }

  destroy(): void {
    this.map.remove();
  }

  #tell(): void {
    const at = this.#chosen?.getLngLat();
    if (at) this.#moved([at.lng, at.lat]);
  }

  #fit(places: readonly Place[]): void {
    frame(this.map, places, 90, 17);
  }
}

function pin(kind: string, text: string, label: string): HTMLElement {
  const element = document.createElement(kind === 'candidate' ? 'button' : 'div');
  element.className = `pin ${kind}`;
  element.textContent = text;
  if (kind === 'candidate') (element as HTMLButtonElement).type = 'button';
  else element.setAttribute('role', kind === 'chosen' ? 'application' : 'img');
  element.setAttribute('aria-label', text ? `${text}. ${label}` : label);
  return element;
}
