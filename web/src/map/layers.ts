// The layers of figures over the base map, in the order they are painted.
import type { DataDrivenPropertyValueSpecification as Paint, ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import { NAMES_ZOOM } from './zooms';

export const COLOR = {
  land: '#f4f2ed',
  sea: '#dfe7eb',
  /** Under the dots of what has no value. */
  missing: '#ffffff',
  /** Under the hatching of what is secret. */
  secret: '#d3d6d8',
  mark: '#8b9097',
  ink: '#1d2b36',
  qpv: '#16243f',
  drawn: '#0a7b6c',
} as const;

export const SOURCE = 'zones';
/** Patterns of what is secret, and of what has no value. */
export const HATCH = 'hachures';
export const DOTS = 'semis';
/** White stripes over the class's own colour: a change that may be chance. They lean the other way than the hatching of secrecy. */
export const STRIPES = 'rayures';
export type Pattern = typeof HATCH | typeof DOTS | typeof STRIPES;

const state = (key: string): ExpressionSpecification => ['feature-state', key];

/** The class's colour (its index is the feature-state `c`), grey under secrecy, white without value; land where nothing was asked. */
function fill(colors: readonly string[]): Paint<string> {
  const cases = colors.flatMap((color, i) => [['==', state('c'), i], color]);
  return ['case', ['==', state('s'), true], COLOR.secret, ...cases, ['==', state('c'), -1], COLOR.missing, 'rgba(0,0,0,0)'] as unknown as Paint<string>;
}

/** Whether a zone was asked about and has no value that is merely secret. */
const valueless: ExpressionSpecification = ['all', ['==', state('c'), -1], ['!=', state('s'), true]];

/** What is not brushed nearly goes. */
const opacity = (usual: number): Paint<number> => ['case', ['==', state('b'), true], 0.1, usual];
/** Circles can't be striped: a change that may be chance pales. */
const discOpacity: Paint<number> = ['case', ['==', state('b'), true], 0.1, ['==', state('f'), true], 0.45, 1];

/** Of the fill of areas: whole, so that the legend has the colours that are painted; under circles (`bare`) hardly there. */
export const areaOpacity = (bare: boolean, usual = 1): Paint<number> => (bare ? 0.3 : opacity(usual));

const lineWidth = (whenOn: string, width: number): Paint<number> => ['case', ['==', state(whenOn), true], width, 0];

/** Layers of an area scale: fill, hatching of secret zones, dots of those without value, stripes of what may be chance, thin edges, hovered and selected edges. */
export function areaLayers(sourceLayer: string, colors: readonly string[], bare = false): LayerSpecification[] {
  const base = { source: SOURCE, 'source-layer': sourceLayer } as const;
  return [
    { id: 'zones-fond', type: 'fill', ...base, paint: { 'fill-color': bare ? '#ffffff' : fill(colors), 'fill-opacity': areaOpacity(bare), 'fill-antialias': false } },
    { id: 'zones-secret', type: 'fill', ...base, paint: { 'fill-pattern': HATCH, 'fill-opacity': bare ? 0 : ['case', ['==', state('s'), true], 1, 0] } },
    { id: 'zones-vide', type: 'fill', ...base, paint: { 'fill-pattern': DOTS, 'fill-opacity': bare ? 0 : ['case', valueless, 1, 0] } },
    { id: 'zones-pale', type: 'fill', ...base, paint: { 'fill-pattern': STRIPES, 'fill-opacity': bare ? 0 : ['case', ['all', ['==', state('f'), true], ['!=', state('b'), true]], 1, 0] } },
    { id: 'zones-trait', type: 'line', ...base, paint: { 'line-color': bare ? '#9aa5ac' : '#ffffff', 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.5, 14, 1.4] } },
    { id: 'zones-survol', type: 'line', ...base, layout: { 'line-join': 'round' }, paint: { 'line-color': COLOR.ink, 'line-width': lineWidth('survol', 2) } },
    { id: 'zones-choix-gaine', type: 'line', ...base, layout: { 'line-join': 'round' }, paint: { 'line-color': '#ffffff', 'line-width': lineWidth('choix', 6) } },
    { id: 'zones-choix', type: 'line', ...base, layout: { 'line-join': 'round' }, paint: { 'line-color': COLOR.ink, 'line-width': lineWidth('choix', 3) } },
  ];
}

/** Source of the discs of area scales. */
export const DISCS = 'cercles';
/** Radius of the largest of them, in pixels. */
export const LARGEST_DISC = 34;

/** What a disc's area counts: the state `n` if there is one, else its dwellings. */
const weight: ExpressionSpecification = ['coalesce', state('n'), ['to-number', ['get', 'logements']], 1];

/** Discs in the middle of areas, in front of them; `largest` is what the largest of them counts. */
export function discLayers(colors: readonly string[], largest: number): LayerSpecification[] {
  const radius = ['max', 2, ['*', LARGEST_DISC / Math.sqrt(Math.max(1, largest)), ['sqrt', weight]]] as ExpressionSpecification;
  return [{ ...pointPaint(colors, radius), source: DISCS } as LayerSpecification];
}

/** Layers of a point scale: discs whose area follows the number of dwellings, or of respondents. */
export function pointLayers(sourceLayer: string, colors: readonly string[], listed = false): LayerSpecification[] {
  const size = (factor: number): ExpressionSpecification => ['max', 3, ['*', factor, ['sqrt', weight]]];
  const radius: ExpressionSpecification = ['interpolate', ['exponential', 1.6], ['zoom'], 9, size(0.3), 12, size(0.45), 16, size(1.3)];
  return [{ ...pointPaint(colors, radius), ...(listed ? { source: DISCS } : { source: SOURCE, 'source-layer': sourceLayer }) } as LayerSpecification];
}

function pointPaint(colors: readonly string[], radius: ExpressionSpecification): object {
  return {
    id: 'points', type: 'circle',
    layout: { 'circle-sort-key': ['case', ['==', ['get', 'secret'], true], -1e9, ['-', 0, ['coalesce', ['to-number', ['get', 'logements']], 0]]] },
    paint: {
      'circle-radius': radius,
      'circle-color': fill(colors),
      'circle-opacity': discOpacity,
      'circle-stroke-opacity': ['case', ['==', state('b'), true], 0.2, 1],
      'circle-stroke-color': ['case', ['any', ['==', state('survol'), true], ['==', state('choix'), true]], COLOR.ink, valueless, COLOR.mark, '#ffffff'],
      'circle-stroke-width': ['case', ['==', state('choix'), true], 3.5, ['==', state('survol'), true], 2.5, ['==', state('s'), true], 0.3, 0.8],
    },
  };
}

/** Limits of communes, under the figures' labels at every scale. */
export const COMMUNE_LAYERS: LayerSpecification[] = [
  {
    id: 'communes-trait', type: 'line', source: 'communes', 'source-layer': 'commune', layout: { 'line-join': 'round' },
    paint: { 'line-color': '#5c6b75', 'line-opacity': 0.75, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.4, 12, 1, 15, 1.6] },
  },
];

/** Land under the communes: covers the sea's colour where the base map's coast is too coarse. */
export const GROUND_LAYER: LayerSpecification = {
  id: 'communes-fond', type: 'fill', source: 'communes', 'source-layer': 'commune', paint: { 'fill-color': COLOR.land, 'fill-antialias': false },
};

/** QPV: a dark dashed line in a white sheath, over every figure. */
export function qpvLayers(sourceLayer: string): LayerSpecification[] {
  const base = { source: 'qpv', 'source-layer': sourceLayer, layout: { 'line-join': 'round', 'line-cap': 'butt' } } as const;
  return [
    { id: 'qpv-fond', type: 'fill', source: 'qpv', 'source-layer': sourceLayer, minzoom: 13, paint: { 'fill-color': COLOR.qpv, 'fill-antialias': false, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0, 15, 0.06] } },
    { id: 'qpv-gaine', type: 'line', ...base, paint: { 'line-color': '#ffffff', 'line-opacity': 0.9, 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 2, 12, 4, 16, 6] } },
    { id: 'qpv-trait', type: 'line', ...base, paint: { 'line-color': COLOR.qpv, 'line-dasharray': [3.2, 1.3], 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 1, 12, 1.9, 16, 3] } },
  ];
}

/** Names: communes in Medium, QPV in italics from closer, both as points given by the list of zones. */
export const LABEL_LAYERS: LayerSpecification[] = [
  {
    id: 'noms-qpv', type: 'symbol', source: 'noms-qpv', minzoom: 12.4,
    layout: { 'text-field': ['get', 'nom'], 'text-font': ['Noto Sans Italic'], 'text-size': ['interpolate', ['linear'], ['zoom'], 12, 11, 16, 14], 'text-max-width': 8, 'text-padding': 6 },
    paint: { 'text-color': COLOR.qpv, 'text-halo-color': 'rgba(255,255,255,0.92)', 'text-halo-width': 1.6 },
  },
  {
    id: 'noms-communes', type: 'symbol', source: 'noms-communes', minzoom: NAMES_ZOOM,
    layout: {
      'text-field': ['get', 'nom'], 'text-font': ['Noto Sans Medium'], 'text-max-width': 7, 'text-padding': 4,
      'text-size': ['interpolate', ['linear'], ['zoom'], 9, 10.5, 13, 14.5],
      'symbol-sort-key': ['-', 0, ['coalesce', ['get', 'logements'], 0]],
    },
    paint: { 'text-color': COLOR.ink, 'text-halo-color': 'rgba(255,255,255,0.95)', 'text-halo-width': 1.9 },
  },
];

/** Values on their zones, before any other name: the largest zones first. */
export const VALUE_LAYER: LayerSpecification = {
  id: 'valeurs', type: 'symbol', source: 'valeurs',
  layout: {
    'text-field': ['get', 'nom'], 'text-font': ['Noto Sans Medium'], 'text-size': ['interpolate', ['linear'], ['zoom'], 9, 11.5, 13, 14.5], 'text-max-width': 8, 'text-padding': 2,
    'symbol-sort-key': ['-', 0, ['coalesce', ['get', 'logements'], 0]],
  },
  paint: { 'text-color': COLOR.ink, 'text-halo-color': 'rgba(255,255,255,0.95)', 'text-halo-width': 1.7 },
};

/** What names and values have before a projector, and on the screen: larger letters, in a halo that no dark colour comes through. */
export function lettersOf(layer: LayerSpecification, large: boolean): { id: string; size: unknown; halo: number } {
  const { layout = {}, paint = {} } = layer as { layout?: Record<string, unknown>; paint?: Record<string, unknown> };
  const [size, halo] = [layout['text-size'] as unknown[], Number(paint['text-halo-width'])];
  // Sizes are told stop by stop of the zoom.
  return { id: layer.id, size: large ? size.map((part, i) => (i > 3 && i % 2 === 0 ? Number(part) * 1.25 : part)) : size, halo: large ? halo * 1.5 : halo };
}

/** Imported zones that the pen can't edit (several parts, holes), and the names of all zones. */
export const ZONE_LAYERS: LayerSpecification[] = [
  { id: 'fixes-fond', type: 'fill', source: 'fixes', paint: { 'fill-color': COLOR.drawn, 'fill-opacity': 0.08 } },
  { id: 'fixes-trait', type: 'line', source: 'fixes', paint: { 'line-color': COLOR.drawn, 'line-width': 2.5 } },
];
/** A place that was searched: a ring that hides nothing of what is under it, and its middle. */
export const PLACE_LAYERS: LayerSpecification[] = [
  { id: 'lieu-gaine', type: 'circle', source: 'lieu', paint: { 'circle-radius': 13, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 6 } },
  { id: 'lieu', type: 'circle', source: 'lieu', paint: { 'circle-radius': 13, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': '#a3195b', 'circle-stroke-width': 3 } },
  { id: 'lieu-point', type: 'circle', source: 'lieu', paint: { 'circle-radius': 3, 'circle-color': '#a3195b', 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1.5 } },
];
export const ZONE_NAME_LAYER: LayerSpecification = {
  id: 'noms-dessins', type: 'symbol', source: 'noms-dessins',
  layout: { 'text-field': ['get', 'nom'], 'text-font': ['Noto Sans Medium'], 'text-size': 14, 'text-allow-overlap': true },
  paint: { 'text-color': '#075c51', 'text-halo-color': '#ffffff', 'text-halo-width': 2 },
};

/** The patterns, drawn here so that no sprite is needed. */
export function pattern(kind: Pattern): ImageData {
  const size = kind === STRIPES ? 20 : 16;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');
  if (!context) return new ImageData(size, size);
  context.strokeStyle = context.fillStyle = kind === STRIPES ? '#ffffff' : COLOR.mark;
  if (kind === DOTS) {
    for (const at of [size / 4, (3 * size) / 4]) {
      context.beginPath();
      context.arc(at, at, 1.6, 0, 2 * Math.PI);
      context.fill();
    }
    return context.getImageData(0, 0, size, size);
  }
  context.lineWidth = kind === STRIPES ? 2.4 : 1.6;
  const [step, down] = kind === STRIPES ? [size, 1] : [size / 2, -1];
  // Well beyond the edges: a line that ended there would leave a seam from tile to tile.
  for (let at = -4 * size; at <= 4 * size; at += step) {
    context.beginPath();
    context.moveTo(-size, at - down * size);
    context.lineTo(2 * size, at + down * 2 * size);
    context.stroke();
  }
  return context.getImageData(0, 0, size, size);
}
