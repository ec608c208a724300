// The map itself: owns MapLibre, paints what it is told, and tells what the pointer does. Knows nothing of the page.
import { AttributionControl, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import type { GeoJSONSource, LayerSpecification, MapGeoJSONFeature, MapMouseEvent, VectorSourceSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { Feature, FeatureCollection } from 'geojson';
import { isPointScale } from '../lib/scales';
import type { View } from '../lib/url';
import type { Affichage, TileJson } from '../api/client';
import { COMMUNE_LAYERS, DISCS, GROUND_LAYER, HATCH, LABEL_LAYERS, SOURCE, ZONE_LAYERS, ZONE_NAME_LAYER, areaLayers, discLayers, hatching, pointLayers, qpvLayers } from './layers';

setWorkerUrl(workerUrl);

export type Basemap = Affichage['fonds'][number];
export type Bounds = [number, number, number, number];
/** [top, right, bottom, left] pixels covered by panels. */
export type Padding = { top: number; right: number; bottom: number; left: number };

export interface Pointed {
  code: string;
  x: number;
  y: number;
}

export interface CarteOptions {
  container: HTMLElement;
  view: View | null;
  bounds: Bounds;
  reducedMotion: boolean;
  onMove: (view: View) => void;
  onHover: (pointed: Pointed | null) => void;
  onClick: (code: string | null, lngLat: [number, number]) => void;
  onError: (message: string) => void;
}

export interface ScaleSource {
  id: string;
  tilejson: TileJson;
  /** Shared filters, added to the address of point tiles. */
  query: string;
  colors: readonly string[];
  /** Circles over areas, and what the largest counts. */
  discs?: { points: { code: string; logements: number; secret: boolean; centre: readonly number[] }[]; largest: number } | null;
}

/** Per zone: class index (`null`: no value), secrecy, what its disc counts, whether it is paled. */
export type States = { code: string; classe: number | null; secret: boolean; n?: number; faible?: boolean }[];

/** Lowest of the layers that must stay over the figures. */
const ABOVE_FIGURES = 'communes-trait';
/** A PMTiles file rather than the address of tiles. */
const isArchive = (url: string): boolean => new URL(url).pathname.endsWith('.pmtiles');
const empty: FeatureCollection = { type: 'FeatureCollection', features: [] };

export class Carte {
  readonly map: MapLibre;
  readonly ready: Promise<void>;
  readonly #options: CarteOptions;
  #scale: ScaleSource | null = null;
  #qpv: string | null = null;
  #hovered: string | null = null;
  #selected: string | null = null;
  #picked: readonly string[] = [];
  #basemap = false;
  #wanted: Basemap | null = null;
  #out: ReadonlySet<string> = new Set();
  #padding: Padding = { top: 0, right: 0, bottom: 0, left: 0 };
  /** While the pen is out, the figures under it neither light up nor open. */
  pen = false;

  constructor(options: CarteOptions) {
    this.#options = options;
    const [west, south, east, north] = options.bounds;
    const margin = Math.max(0.4, (east - west) * 1.5);
    this.map = new MapLibre({
      container: options.container,
      style: '/fond/style.json',
      ...(options.view
        ? { center: [options.view.lon, options.view.lat], zoom: options.view.zoom }
        : { bounds: [west, south, east, north], fitBoundsOptions: { padding: { top: 36, right: 56, bottom: 36, left: options.container.clientWidth > 800 ? 316 : 36 } } }),
      maxBounds: [Math.max(-180, west - margin), Math.max(-85, south - margin), Math.min(180, east + margin), Math.min(85, north + margin)],
      minZoom: 4,
      maxZoom: 19,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: options.reducedMotion ? 0 : 200,
      transformRequest: (url) => ({ url: url.startsWith('/') ? location.origin + url : url }),
      locale: LOCALE,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
    this.map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 110 }), 'bottom-right');
    this.map.addControl(new AttributionControl({ compact: false, customAttribution: 'RPLS (SDES), OPS · contours IGN, ANCT' }), 'bottom-right');
    // Once the style is known: figures are asked for while the base map is still being drawn.
    this.ready = new Promise((resolve) => this.map.once('style.load', () => resolve()));
    this.map.on('moveend', () => options.onMove(this.view()));
    this.map.on('mousemove', (event) => this.#move(event));
    this.map.on('mouseout', () => this.#hover(null));
    this.map.on('click', (event) => {
      if (!this.pen) options.onClick(this.#at(event)?.code ?? null, event.lngLat.toArray());
    });
    this.map.on('error', (event) => options.onError(event.error?.message ?? ''));
  }

  view(): View {
    const { lng, lat } = this.map.getCenter();
    return { lon: lng, lat, zoom: this.map.getZoom() };
  }

  /** Sources and layers that stay: communes, names, imported zones. Call once, after `ready`. */
  setup(communes: TileJson | null): void {
    const map = this.map;
    map.addImage(HATCH, hatching(), { pixelRatio: 2 });
    if (communes) {
      map.addSource('communes', vector(communes, ''));
      map.addLayer(GROUND_LAYER);
      for (const layer of COMMUNE_LAYERS) map.addLayer(layer);
      if (map.getLayer('lacs')) map.moveLayer('lacs', ABOVE_FIGURES);
    } else {
      map.addLayer({ id: ABOVE_FIGURES, type: 'background', paint: { 'background-opacity': 0 } });
    }
    for (const id of ['fixes', 'noms-dessins', 'noms-communes', 'noms-qpv']) map.addSource(id, { type: 'geojson', data: empty });
    for (const layer of [...ZONE_LAYERS, ...LABEL_LAYERS, ZONE_NAME_LAYER]) map.addLayer(layer);
    // Names of towns stand over the figures as those of communes do.
    if (map.getLayer('villes')) map.moveLayer('villes', 'noms-qpv');
  }

  /** Changes the scale that carries the figures. */
  setScale(scale: ScaleSource): void {
    const [points, discs] = [isPointScale(scale.id), scale.discs ?? null];
    const same = this.#scale && this.#scale.id === scale.id && this.#scale.query === scale.query && !this.#scale.discs === !discs;
    const areas = points ? pointLayers(scale.id, scale.colors, discs !== null) : areaLayers(scale.id, scale.colors, discs !== null);
    const layers = discs && !points ? [...areas, ...discLayers(scale.colors, discs.largest)] : areas;
    if (same) {
      for (const layer of layers) this.#repaint(layer);
      if (discs) this.map.getSource<GeoJSONSource>(DISCS)?.setData(collection(discs.points));
    } else {
      this.#drop(['zones-fond', 'zones-secret', 'zones-trait', 'zones-survol', 'zones-choix-gaine', 'zones-choix', 'points'], SOURCE);
      if (this.map.getSource(DISCS)) this.map.removeSource(DISCS);
      this.map.addSource(SOURCE, { ...vector(scale.tilejson, scale.query), promoteId: 'code' });
      if (discs) this.map.addSource(DISCS, { type: 'geojson', data: collection(discs.points), promoteId: 'code' });
      for (const layer of layers) this.map.addLayer(layer, this.#below(layer.id));
      this.#hovered = null;
    }
    this.#scale = scale;
    if (this.#basemap) this.#letThrough();
  }

  /** Joins the values to the tiles by code. */
  setStates(states: States): void {
    const layer = this.#scale?.id;
    if (!layer || !this.map.getSource(SOURCE)) return;
    for (const target of this.#targets()) {
      this.map.removeFeatureState(target);
      for (const { code, classe, secret, n, faible } of states) {
        this.map.setFeatureState({ ...target, id: code }, { c: classe ?? -1, s: secret, f: faible ?? false, ...(n === undefined ? {} : { n }) });
      }
    }
    if (this.#selected) this.#flag(this.#selected, 'choix', true);
    this.setPicked(this.#picked);
    for (const code of this.#out) this.#flag(code, 'b', true);
  }

  /** Marks, once, the first frame that shows the figures (`scripts/budget.mjs` reads it). */
  markFirst(): void {
    if (performance.getEntriesByName('premiere-carte').length > 0) return;
    const drawn = (): void => {
      if (!this.map.getSource(SOURCE) || !this.map.isSourceLoaded(SOURCE)) return;
      this.map.off('render', drawn);
      performance.mark('premiere-carte');
    };
    this.map.on('render', drawn);
  }

  /** Pales the zones that a plot leaves out of its brush; only those that change are touched. */
  setOut(out: ReadonlySet<string>): void {
    for (const code of this.#out) if (!out.has(code)) this.#flag(code, 'b', false);
    for (const code of out) if (!this.#out.has(code)) this.#flag(code, 'b', true);
    this.#out = out;
  }

  setSelected(code: string | null): void {
    if (this.#selected) this.#flag(this.#selected, 'choix', false);
    this.#selected = code;
    if (code) this.#flag(code, 'choix', true);
  }

  /** Edges the zones of a list. */
  setPicked(codes: readonly string[]): void {
    for (const code of this.#picked) this.#flag(code, 'choix', code === this.#selected);
    for (const code of codes) this.#flag(code, 'choix', true);
    this.#picked = codes;
  }

  setQpv(layer: string, tilejson: TileJson): void {
    if (this.#qpv === layer) return;
    this.#drop(['qpv-fond', 'qpv-gaine', 'qpv-trait'], 'qpv');
    this.map.addSource('qpv', vector(tilejson, ''));
    for (const spec of qpvLayers(layer)) this.map.addLayer(spec, 'fixes-fond');
    this.#qpv = layer;
  }

  setPoints(source: 'noms-communes' | 'noms-qpv' | 'noms-dessins', points: { nom: string; logements?: number | null; centre: readonly number[] }[]): void {
    const features = points.map(({ centre, ...properties }): Feature => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [...centre] } }));
    this.map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features });
  }

  /** Lights up a zone that is pointed at elsewhere (a dot of a plot). */
  highlight(code: string | null): void {
    if (code === this.#hovered) return;
    if (this.#hovered) this.#flag(this.#hovered, 'survol', false);
    if (code) this.#flag(code, 'survol', true);
    this.#hovered = code;
  }

  /** West, south, east, north of what is on screen. */
  extent(): Bounds {
    const b = this.map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
  }

  setFixed(features: Feature[]): void {
    this.map.getSource<GeoJSONSource>('fixes')?.setData({ type: 'FeatureCollection', features });
  }

  /** Ids of the imported zones under a point of the screen. */
  fixedAt(lngLat: [number, number]): string | null {
    const id: unknown = this.map.queryRenderedFeatures(this.map.project(lngLat), { layers: ['fixes-fond'] })[0]?.properties['id'];
    return typeof id === 'string' ? id : null;
  }

  fit(bounds: readonly number[], maxZoom = 16): void {
    const [west, south, east, north] = bounds;
    if (west === undefined || south === undefined || east === undefined || north === undefined) return;
    this.map.fitBounds([west, south, east, north], { padding: { top: 60 + this.#padding.top, right: 60 + this.#padding.right, bottom: 60, left: 60 }, maxZoom, animate: !this.#options.reducedMotion, duration: 700 });
  }

  /** Space that panels take over the map, minded by `fit`. */
  setPadding(padding: Partial<Padding>): void {
    this.#padding = { ...this.#padding, ...padding };
  }

  /** Goes at once to a view that the address asks for. */
  jump(view: View): void {
    this.map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom });
  }

  /** Shows a base map of another host under the figures, which then let it through; `null`: the offline one. */
  async setBasemap(fond: Basemap | null): Promise<void> {
    this.#wanted = fond;
    // One file that holds all its tiles: what reads it comes only where one is chosen.
    const archive = fond && isArchive(fond.url) ? await (await import('./archive')).opened(fond.url) : null;
    // Another was chosen while the file was opened.
    if (this.#wanted !== fond) return;
    this.#drop(['fond-externe'], 'fond-externe');
    this.#basemap = fond !== null;
    if (fond) {
      this.map.addSource('fond-externe', archive ? { type: 'raster', tileSize: 256, attribution: fond.attribution, ...archive } : { type: 'raster', tiles: [fond.url], tileSize: 256, maxzoom: fond.zoom_max, attribution: fond.attribution });
      const above = ['communes-fond', 'zones-fond', 'points'].find((id) => this.map.getLayer(id));
      this.map.addLayer({ id: 'fond-externe', type: 'raster', source: 'fond-externe', paint: { 'raster-saturation': -0.35 } }, above);
    }
    this.#letThrough();
  }

  #letThrough(): void {
    if (this.map.getLayer('communes-fond')) this.map.setLayoutProperty('communes-fond', 'visibility', this.#basemap ? 'none' : 'visible');
    if (this.map.getLayer('zones-fond')) this.map.setPaintProperty('zones-fond', 'fill-opacity', this.#basemap ? 0.62 : 0.88);
  }

  /** What the map shows now, as pixels. Read within the frame that draws it: the buffer is empty afterwards. */
  snapshot(): Promise<{ href: string; width: number; height: number }> {
    return new Promise((resolve) => {
      this.map.once('render', () => {
        const canvas = this.map.getCanvas();
        resolve({ href: canvas.toDataURL('image/png'), width: canvas.width, height: canvas.height });
      });
      this.map.triggerRepaint();
    });
  }

  /** The same as paths, for a drawing program; `null` over a base map of pixels, which only pixels show. */
  async vectors(): Promise<{ svg: string; width: number; height: number } | null> {
    if (this.#basemap) return null;
    const { vectors } = await import('./vectors');
    return vectors(this.map);
  }

  destroy(): void {
    this.map.remove();
  }

  #below(id: string): string {
    return id === 'points' ? 'noms-qpv' : this.map.getLayer('lacs') ? 'lacs' : ABOVE_FIGURES;
  }

  #repaint(layer: LayerSpecification): void {
    for (const [name, value] of Object.entries(layer.paint ?? {})) {
      this.map.setPaintProperty(layer.id, name as Parameters<MapLibre['setPaintProperty']>[1], value);
    }
  }

  #drop(layers: string[], source: string): void {
    for (const id of layers) if (this.map.getLayer(id)) this.map.removeLayer(id);
    if (this.map.getSource(source)) this.map.removeSource(source);
  }

  #flag(code: string, key: string, on: boolean): void {
    for (const target of this.#targets()) this.map.setFeatureState({ ...target, id: code }, { [key]: on });
  }

  /** Where the states of zones are kept: their tiles, and their discs. */
  #targets(): { source: string; sourceLayer?: string }[] {
    if (!this.#scale || !this.map.getSource(SOURCE)) return [];
    return [{ source: SOURCE, sourceLayer: this.#scale.id }, ...(this.map.getSource(DISCS) ? [{ source: DISCS }] : [])];
  }

  #at(event: MapMouseEvent): { code: string; feature: MapGeoJSONFeature } | null {
    const layers = ['points', 'zones-fond'].filter((id) => this.map.getLayer(id));
    const feature = layers.length > 0 ? this.map.queryRenderedFeatures(event.point, { layers })[0] : undefined;
    const code: unknown = feature?.properties['code'];
    return feature && code !== undefined ? { code: String(code), feature } : null;
  }

  #move(event: MapMouseEvent): void {
    // What slides under the hand is not pointed at: looking it up would cost each frame of a drag.
    const hit = this.pen || this.map.isMoving() ? null : this.#at(event);
    this.#hover(hit ? { code: hit.code, x: event.point.x, y: event.point.y } : null);
  }

  #hover(pointed: Pointed | null): void {
    const code = pointed?.code ?? null;
    if (code !== this.#hovered) {
      if (this.#hovered) this.#flag(this.#hovered, 'survol', false);
      if (code) this.#flag(code, 'survol', true);
      this.#hovered = code;
      if (!this.pen) this.map.getCanvas().style.cursor = code ? 'pointer' : '';
    }
    this.#options.onHover(pointed);
  }
}

/** A vector source from its TileJSON, with the shared filters in the address of the tiles. */
function vector(tilejson: TileJson, query: string): VectorSourceSpecification {
  const tiles = tilejson.tiles.map((template) => {
    const absolute = template.startsWith('/') ? location.origin + template : template;
    return query ? `${absolute}${absolute.includes('?') ? '&' : '?'}${query}` : absolute;
  });
  return { type: 'vector', tiles, minzoom: tilejson.minzoom ?? 0, maxzoom: tilejson.maxzoom ?? 14 };
}

const collection = (points: readonly { code: string; logements: number; secret: boolean; centre: readonly number[] }[]): FeatureCollection => ({
  type: 'FeatureCollection',
  features: points.map(({ centre, ...properties }) => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [...centre] } })),
});

const LOCALE = {
  'AttributionControl.ToggleAttribution': 'Afficher les sources',
  'Map.Title': 'Carte',
  'NavigationControl.ZoomIn': 'Zoomer',
  'NavigationControl.ZoomOut': 'Dézoomer',
  'ScaleControl.Meters': 'm',
  'ScaleControl.Kilometers': 'km',
};
