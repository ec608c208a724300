// The one MapLibre set-up: worker, offline style, controls and their words, no rotation. Every map of the site begins here.
import { AttributionControl, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import type { MapOptions, VectorSourceSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { TileJson } from '../api/client';

setWorkerUrl(workerUrl);

/** Said under every map. */
export const SOURCES = 'RPLS (SDES), OPS · contours IGN, ANCT';

export interface BaseOptions extends Omit<MapOptions, 'style' | 'locale' | 'attributionControl'> {
  container: HTMLElement;
  /** What a screen reader calls the map. */
  title?: string;
  /** Zoom buttons, scale and sources: none on a map that only becomes an image. */
  controls?: { zoom?: boolean; scale?: boolean; sources?: string | null };
}

/** Whether the person asked for less motion. */
export const lessMotion = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function baseMap({ title = 'Carte', controls = {}, ...options }: BaseOptions): MapLibre {
  const map = new MapLibre({
    style: '/fond/style.json', minZoom: 4, maxZoom: 19, dragRotate: false, pitchWithRotate: false, touchPitch: false,
    fadeDuration: lessMotion() ? 0 : 200,
    ...options,
    attributionControl: false,
    transformRequest: (url) => ({ url: absolute(url) }),
    locale: {
      'AttributionControl.ToggleAttribution': 'Afficher les sources', 'Map.Title': title, 'NavigationControl.ZoomIn': 'Zoomer',
      'NavigationControl.ZoomOut': 'Dézoomer', 'ScaleControl.Meters': 'm', 'ScaleControl.Kilometers': 'km',
    },
  });
  // Where tests, and a curious person at the console, ask it for places on the screen and whether it is drawn.
  Object.assign(options.container, { mosaique: map });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const { zoom = true, scale = true, sources = SOURCES } = controls;
  if (zoom) map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  if (scale) map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 110 }), 'bottom-right');
  if (sources) map.addControl(new AttributionControl({ compact: false, customAttribution: sources }), 'bottom-right');
  forPaper(map);
  return map;
}

/** What a graphics card drew is gone once it was shown: paper has a picture in its place. */
function forPaper(map: MapLibre): void {
  const picture = new Image();
  picture.className = 'map-picture';
  picture.alt = '';
  const take = (): void => {
    map.redraw();
    picture.src = map.getCanvas().toDataURL();
    map.getContainer().append(picture);
  };
  const leave = (): void => picture.remove();
  window.addEventListener('beforeprint', take);
  window.addEventListener('afterprint', leave);
  map.on('remove', () => {
    window.removeEventListener('beforeprint', take);
    window.removeEventListener('afterprint', leave);
  });
}

/** The server gives paths; MapLibre's worker wants whole addresses. */
const absolute = (url: string): string => (url.startsWith('/') ? location.origin + url : url);

/** A vector source from its TileJSON, with the shared filters in the address of the tiles. */
export function vector(tilejson: TileJson, query = ''): VectorSourceSpecification {
  const tiles = tilejson.tiles.map((template) => {
    const whole = absolute(template);
    return query ? `${whole}${whole.includes('?') ? '&' : '?'}${query}` : whole;
  });
  return { type: 'vector', tiles, minzoom: tilejson.minzoom ?? 0, maxzoom: tilejson.maxzoom ?? 14 };
}

/** Tiles of the server, by layer, where no TileJSON was asked. */
export const tilesOf = (name: string): string[] => [`${location.origin}/tiles/${name}/{z}/{x}/{y}.mvt`];
