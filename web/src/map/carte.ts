// The map itself: owns MapLibre, paints what it is told, and tells what the pointer does. Knows nothing of the page.
import type { GeoJSONSource, LayerSpecification, Map as MapLibre, MapGeoJSONFeature, MapMouseEvent } from 'maplibre-gl';
import type { Feature, FeatureCollection } from 'geojson';
import { aspectOf, boxAround, freePadding, isInside, metresPerPixel, scaleBar, toBox, type Box, type Padding, type Rect } from '../lib/frame';
import { isPointScale } from '../lib/scales';
import type { View } from '../lib/url';
import type { Affichage, TileJson } from '../api/client';
import { baseMap, vector } from './base';
import { COMMUNE_LAYERS, DISCS, DOTS, GROUND_LAYER, HATCH, LABEL_LAYERS, lettersOf, PLACE_LAYERS, SOURCE, STRIPES, VALUE_LAYER, ZONE_LAYERS, ZONE_NAME_LAYER, areaLayers, areaOpacity, discLayers, pattern, pointLayers, qpvLayers } from './layers';

export type Basemap = Affichage['fonds'][number];
export type Bounds = [number, number, number, number];
export interface Pointed {
  code: string;
  x: number;
  y: number;
}

export interface CarteOptions {
  container: HTMLElement;
  view: View | null;
  bounds: Bounds;
  /** What the map may be moved over; without it, around `bounds`. */
  limits?: Box | null;
  reducedMotion: boolean;
  /** What lies over the map now, in its pixels: what is fitted stands beside it. */
  covers?: () => Rect[];
  /** Without controls, for a map that only becomes an image. */
  bare?: boolean;
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

/** A name on the map; larger places are written first. */
export interface Named {
  nom: string;
  logements?: number | null;
  centre: readonly number[];
}

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
  /** What was fitted last, until the person moves the map. */
  #fitted: Box | null = null;
  /** Size of the window and of the map when it was last looked at. */
  #window = '';
  #size = { width: 0, height: 0 };
  /** While the pen is out, the figures under it neither light up nor open. */
  pen = false;

  constructor(options: CarteOptions) {
    this.#options = options;
    const [west, south, east, north] = options.bounds;
    const limits = boxAround([options.bounds, ...(options.limits ? [options.limits] : [])]) ?? options.bounds;
    // Room to bring any edge of it beside wide panels.
    const margin = Math.max(1, (limits[2] - limits[0]) * 4);
    this.#fitted = options.view ? null : options.bounds;
    this.map = baseMap({
      container: options.container,
      ...(options.view
        ? { center: [options.view.lon, options.view.lat], zoom: options.view.zoom }
        : { bounds: [west, south, east, north], fitBoundsOptions: { padding: this.#paddingFor(options.bounds) } }),
      maxBounds: [Math.max(-180, limits[0] - margin), Math.max(-85, limits[1] - margin), Math.min(180, limits[2] + margin), Math.min(85, limits[3] + margin)],
      fadeDuration: options.reducedMotion ? 0 : 200,
      ...(options.bare ? { interactive: false, pixelRatio: 1, controls: { zoom: false, scale: false, sources: null } } : {}),
    });
    // Once the style is known: figures are asked for while the base map is still being drawn.
    this.ready = new Promise((resolve) => this.map.once('style.load', () => resolve()));
    this.map.on('moveend', () => options.onMove(this.view()));
    // A hand on the map: what was fitted is left.
    this.map.on('movestart', (event) => {
      if ('originalEvent' in event && event.originalEvent) this.#fitted = null;
    });
    this.#look();
    this.map.on('resize', () => this.#resized());
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
    for (const kind of [HATCH, DOTS, STRIPES] as const) map.addImage(kind, pattern(kind), { pixelRatio: 2 });
    if (communes) {
      map.addSource('communes', vector(communes));
      map.addLayer(GROUND_LAYER);
      for (const layer of COMMUNE_LAYERS) map.addLayer(layer);
      if (map.getLayer('lacs')) map.moveLayer('lacs', ABOVE_FIGURES);
    } else {
      map.addLayer({ id: ABOVE_FIGURES, type: 'background', paint: { 'background-opacity': 0 } });
    }
    for (const id of ['fixes', 'lieu', 'noms-dessins', 'noms-communes', 'noms-qpv', 'valeurs']) map.addSource(id, { type: 'geojson', data: empty });
    for (const layer of [...ZONE_LAYERS, ...LABEL_LAYERS, VALUE_LAYER, ZONE_NAME_LAYER, ...PLACE_LAYERS]) map.addLayer(layer);
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
      this.#drop(['zones-fond', 'zones-secret', 'zones-vide', 'zones-pale', 'zones-trait', 'zones-survol', 'zones-choix-gaine', 'zones-choix', 'points'], SOURCE);
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
    this.map.addSource('qpv', vector(tilejson));
    for (const spec of qpvLayers(layer)) this.map.addLayer(spec, 'fixes-fond');
    this.#qpv = layer;
  }

  setPoints(source: 'noms-communes' | 'noms-qpv' | 'noms-dessins' | 'valeurs', points: readonly Named[]): void {
    const features = points.map(({ centre, ...properties }): Feature => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [...centre] } }));
    this.map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features });
  }

  /** Marks a place (an address that was searched), or takes its mark away. */
  setPlace(at: readonly [number, number] | null): void {
    const features: Feature[] = at ? [{ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [...at] } }] : [];
    this.map.getSource<GeoJSONSource>('lieu')?.setData({ type: 'FeatureCollection', features });
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

  /** Fits a box into what no panel covers; it stays fitted until the person moves the map. */
  fit(bounds: readonly number[], { maxZoom = 16, animate = true }: { maxZoom?: number; animate?: boolean } = {}): void {
    const box = toBox(bounds);
    if (!box) return;
    this.#fitted = box;
    const moves = animate && !this.#options.reducedMotion;
    this.map.fitBounds([...box], { padding: this.#paddingFor(box), maxZoom, animate: moves, duration: 700 });
  }

  /** Names and values to be read from the end of a room, or from a desk. */
  enlarge(large: boolean): void {
    for (const layer of [...LABEL_LAYERS, VALUE_LAYER]) {
      const { id, size, halo } = lettersOf(layer, large);
      if (!this.map.getLayer(id)) continue;
      this.map.setLayoutProperty(id, 'text-size', size as never);
      this.map.setPaintProperty(id, 'text-halo-width', halo);
    }
  }

  /** Panels have come or gone: what is fitted is fitted again. */
  refit(): void {
    if (this.#fitted) this.fit(this.#fitted, { animate: false });
  }

  /** Moves the map, at its own zoom, so far that a zone is beside the panels; fits it if it is then still too large. */
  reveal(bounds: readonly number[]): void {
    const box = toBox(bounds);
    if (!box) return;
    const [a, b] = [this.map.project([box[0], box[3]]), this.map.project([box[2], box[1]])];
    // A point takes the room of a finger.
    const grow = Math.max(0, (24 - (b.x - a.x)) / 2, (24 - (b.y - a.y)) / 2);
    const rect: Rect = { left: a.x - grow, top: a.y - grow, right: b.x + grow, bottom: b.y + grow };
    const [size, padding] = [this.#now(), this.#paddingFor(box)];
    if (isInside(rect, size, padding)) return;
    const free = { width: size.width - padding.left - padding.right, height: size.height - padding.top - padding.bottom };
    if (rect.right - rect.left > free.width || rect.bottom - rect.top > free.height) return this.fit(box);
    const shift = (low: number, high: number, from: number, to: number): number => (low < from ? low - from : high > to ? high - to : 0);
    const by: [number, number] = [
      shift(rect.left, rect.right, padding.left, size.width - padding.right), shift(rect.top, rect.bottom, padding.top, size.height - padding.bottom),
    ];
    this.#fitted = null;
    this.map.panBy(by, { animate: !this.#options.reducedMotion, duration: 400 });
  }

  /** What was fitted last, if nobody has moved the map since. */
  get fitted(): Box | null {
    return this.#fitted;
  }

  #now(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.#options.container;
    return { width: clientWidth, height: clientHeight };
  }

  #paddingFor(box: Box): Padding {
    return freePadding(this.#now(), this.#options.covers?.() ?? [], aspectOf(box));
  }

  #look(): void {
    this.#window = `${innerWidth}x${innerHeight}`;
    this.#size = this.#now();
  }

  /** Another size of the window shows the same land; panels that part the map (a plot, a second map) leave its zoom as it is. */
  #resized(): void {
    const [before, same] = [this.#size, this.#window === `${innerWidth}x${innerHeight}`];
    this.#look();
    if (same || !this.#options.covers || before.width === 0 || before.height === 0) return;
    if (this.#fitted) return this.refit();
    const ratio = Math.min(this.#size.width / before.width, this.#size.height / before.height);
    if (ratio > 0) this.map.jumpTo({ zoom: this.map.getZoom() + Math.log2(ratio) });
  }

  /** Goes at once to a view that the address asks for. */
  jump(view: View): void {
    this.#fitted = null;
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
    if (this.map.getLayer('zones-fond')) this.map.setPaintProperty('zones-fond', 'fill-opacity', areaOpacity(Boolean(this.#scale?.discs), this.#basemap ? 0.62 : 1));
  }

  /** All that it shows has come. */
  drawn(): Promise<void> {
    return new Promise((resolve) => {
      this.map.once('idle', () => resolve());
      this.map.triggerRepaint();
    });
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

  /** A base map of another host is under the figures. */
  get overBasemap(): boolean {
    return this.#basemap;
  }

  /** What the screen shows, as a picture. */
  async seen(): Promise<{ href: string; width: number; height: number; bar: { pixels: number; label: string } }> {
    const { href } = await this.snapshot();
    const size = this.#now();
    return { href, ...size, bar: scaleBar(metresPerPixel(this.map.getZoom(), this.map.getCenter().lat), size.width * 0.16) };
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

const collection = (points: readonly { code: string; logements: number; secret: boolean; centre: readonly number[] }[]): FeatureCollection => ({
  type: 'FeatureCollection',
  features: points.map(({ centre, ...properties }) => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: [...centre] } })),
});
