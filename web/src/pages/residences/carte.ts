// Residences of a bailleur on a map: their addresses, coloured so that neighbours differ and tied to the middle of their residence.
import type { FeatureCollection } from 'geojson';
import { Popup } from 'maplibre-gl';
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map as MapLibre, MapMouseEvent } from 'maplibre-gl';
import type { ResidenceBailleur } from '../../api/client';
import { frame, plainMap, type Place } from '../../map/plain';
import { colours, middle } from './couleurs';

/** What is chosen on the page. */
export interface Chosen {
  /** The residence that is open. */
  open: string | null;
  /** Residences to merge. */
  marked: readonly string[];
  /** Addresses that leave the open residence. */
  leaving: readonly string[];
}

/** What a click or a lasso means. */
export interface Gestures {
  address: (residence: string, address: string, more: boolean) => void;
}

const on = (key: string): ExpressionSpecification => ['boolean', ['feature-state', key], false];
const LAYERS: LayerSpecification[] = [
  { id: 'liens', type: 'line', source: 'liens', paint: { 'line-color': ['get', 'couleur'], 'line-width': ['interpolate', ['linear'], ['zoom'], 11, 0.6, 16, 2.2], 'line-opacity': 0.75 } },
  {
    id: 'adresses', type: 'circle', source: 'adresses',
    paint: {
      'circle-color': ['case', on('part'), '#ffc400', ['get', 'couleur']],
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, ['case', on('ouverte'), 5, 3], 14, ['case', on('ouverte'), 8, 6], 17, ['case', on('ouverte'), 11, 9]],
      'circle-stroke-color': ['case', ['any', on('ouverte'), on('choisie'), on('part')], '#1d2b36', '#ffffff'],
      'circle-stroke-width': ['case', on('choisie'), 4, ['any', on('ouverte'), on('part')], 2.5, 1.2],
    },
  },
  {
    id: 'noms', type: 'symbol', source: 'noms', minzoom: 14,
    layout: { 'text-field': ['get', 'nom'], 'text-font': ['Noto Sans Medium'], 'text-size': 12, 'text-offset': [0, 1.1], 'text-anchor': 'top', 'text-max-width': 9 },
    paint: { 'text-color': '#1d2b36', 'text-halo-color': '#ffffff', 'text-halo-width': 1.6 },
  },
];

export class ResidenceMap {
  readonly map: MapLibre;
  readonly #ready: Promise<void>;
  readonly #still: boolean;
  #residences: readonly ResidenceBailleur[] = [];
  /** Address → its number among the features. */
  #rank = new Map<string, number>();

  constructor(container: HTMLElement, gestures: Gestures) {
    const { map, ready, still } = plainMap(container, [2.5, 46.5], 'Carte des résidences');
    [this.map, this.#still] = [map, still];
    // Shift adds a residence to those to merge.
    map.boxZoom.disable();
    const label = new Popup({ closeButton: false, closeOnClick: false, offset: 10, className: 'nom-adresse' });
    this.#ready = ready.then(() => {
      const empty: FeatureCollection = { type: 'FeatureCollection', features: [] };
      for (const id of ['liens', 'adresses', 'noms']) map.addSource(id, { type: 'geojson', data: empty });
      for (const layer of LAYERS) map.addLayer(layer);
      map.on('click', 'adresses', (event) => {
        // Discs of neighbours overlap: the one whose middle is nearest is meant, not the one drawn last.
        const away = (f: GeoJSON.Feature): number => f.geometry.type === 'Point' ? map.project(f.geometry.coordinates as [number, number]).dist(event.point) : Infinity;
        const found = event.features?.sort((a, b) => away(a) - away(b))[0]?.properties as { residence: string; cle: string } | undefined;
        const { shiftKey, ctrlKey, metaKey } = event.originalEvent;
        if (found) gestures.address(found.residence, found.cle, shiftKey || ctrlKey || metaKey);
      });
      map.on('mousemove', 'adresses', (event: MapMouseEvent & { features?: { properties: Record<string, unknown> }[] }) => {
        const found = event.features?.[0]?.properties as { nom: string; libelle: string; logements: number } | undefined;
        map.getCanvas().style.cursor = 'pointer';
        if (found) label.setLngLat(event.lngLat).setText(`${found.libelle}, ${String(found.logements)} logement${found.logements > 1 ? 's' : ''} : ${found.nom}`).addTo(map);
      });
      map.on('mouseleave', 'adresses', () => {
        map.getCanvas().style.cursor = '';
        label.remove();
      });
    });
  }

  /** Draws residences; goes to them all if `fit`. */
  async show(residences: readonly ResidenceBailleur[], fit: boolean): Promise<void> {
    await this.#ready;
    this.#residences = residences;
    this.#rank.clear();
    const couleur = colours(residences);
    const [addresses, links, names]: FeatureCollection[] = [0, 1, 2].map(() => ({ type: 'FeatureCollection', features: [] }));
    for (const r of residences) {
      const centre = middle(r.adresses);
      const properties = { residence: r.code, nom: r.nom, couleur: couleur.get(r.code) };
      for (const a of r.adresses) {
        const id = this.#rank.size + 1;
        this.#rank.set(`${r.code}|${a.cle}`, id);
        addresses?.features.push({ type: 'Feature', id, properties: { ...properties, cle: a.cle, libelle: a.libelle, logements: a.logements }, geometry: { type: 'Point', coordinates: [a.lon, a.lat] } });
        if (r.adresses.length > 1) links?.features.push({ type: 'Feature', properties, geometry: { type: 'LineString', coordinates: [[...centre], [a.lon, a.lat]] } });
      }
      names?.features.push({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [...centre] } });
    }
    for (const [id, data] of [['adresses', addresses], ['liens', links], ['noms', names]] as const) {
      if (data) this.map.getSource<GeoJSONSource>(id)?.setData(data);
    }
    const places = residences.flatMap((r) => r.adresses.map((a): Place => [a.lon, a.lat]));
    if (fit && places.length > 0) this.#fit(places, 16, false);
  }

  /** Shows what is chosen on the page. */
  async mark({ open, marked, leaving }: Chosen, residences: readonly ResidenceBailleur[]): Promise<void> {
    await this.#ready;
    this.map.removeFeatureState({ source: 'adresses' });
    for (const r of residences) {
      const choisie = marked.includes(r.code);
      if (r.code !== open && !choisie) continue;
      for (const a of r.adresses) {
        const id = this.#rank.get(`${r.code}|${a.cle}`);
        if (id !== undefined) this.map.setFeatureState({ source: 'adresses', id }, { choisie, ouverte: r.code === open, part: r.code === open && leaving.includes(a.cle) });
      }
    }
  }

  /** Goes to a residence, if it is not in sight. */
  async goTo(code: string): Promise<void> {
    await this.#ready;
    const places = this.#residences.find((r) => r.code === code)?.adresses.map((a): Place => [a.lon, a.lat]) ?? [];
    const seen = this.map.getBounds();
    if (places.length > 0 && (this.map.getZoom() < 14 || !places.every((p) => seen.contains([...p])))) this.#fit(places, 16.5, !this.#still);
  }

  /** Addresses in an outline given in pixels of the map. */
  within(inside: (x: number, y: number) => boolean): { residence: string; address: string }[] {
    return this.#residences.flatMap((r) => r.adresses.filter((a) => {
      const { x, y } = this.map.project([a.lon, a.lat]);
      return inside(x, y);
    }).map((a) => ({ residence: r.code, address: a.cle })));
  }

  destroy(): void {
    this.map.remove();
  }

  #fit(places: readonly Place[], maxZoom: number, animate: boolean): void {
    frame(this.map, places, 60, maxZoom, animate);
  }
}
