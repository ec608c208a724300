// What the map shows, as paths: each feature in view with the colour, width and class that MapLibre gives it.
import type { Map as MapLibre, MapGeoJSONFeature } from 'maplibre-gl';
import type { Position } from 'geojson';
import { DOTS, HATCH, STRIPES } from './layers';

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Tiles overlap by so much, in pixels, lest a hair of the ground be seen between two of them. */
const LAP = 0.3;

const n = (value: number): string => String(Math.round(value * 10) / 10);
const escape = (text: string): string => text.replace(/[<>&"]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[c] ?? c);
const number = (value: unknown, usual: number): number => (typeof value === 'number' ? value : usual);

/** The map as the text of an SVG element, in the pixels of its container. */
export function vectors(map: MapLibre): { svg: string; width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = map.getContainer();
  const drawing = new Drawing(map);
  const layers = map.getStyle().layers.filter((layer) => map.getLayoutProperty(layer.id, 'visibility') !== 'none');
  const painted = layers.map((layer): string => {
    if (layer.type === 'background') return `<rect width="${width}" height="${height}" fill="${String(layer.paint?.['background-color'] ?? 'none')}" fill-opacity="${number(layer.paint?.['background-opacity'], 1)}"/>`;
    // The topmost first: painted last.
    const features = map.queryRenderedFeatures({ layers: [layer.id] }).reverse();
    if (features.length === 0) return '';
    const marks = layer.type === 'fill' ? drawing.fills(features) : layer.type === 'line' ? drawing.lines(features) : layer.type === 'circle' ? drawing.circles(features) : layer.type === 'symbol' ? drawing.texts(features) : '';
    return marks && `<g id="${escape(layer.id)}">${marks}</g>`;
  });
  const svg = `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><defs>${drawing.clips()}</defs>${painted.filter(Boolean).join('\n')}</svg>`;
  return { svg, width, height };
}

class Drawing {
  readonly #map: MapLibre;
  readonly #tiles = new Map<string, Box>();
  constructor(map: MapLibre) {
    this.#map = map;
  }

  clips(): string {
    return [...this.#tiles].map(([id, b]) => `<clipPath id="${id}"><rect x="${n(b.x - LAP)}" y="${n(b.y - LAP)}" width="${n(b.w + 2 * LAP)}" height="${n(b.h + 2 * LAP)}"/></clipPath>`).join('');
  }

  /** Areas of one opacity are one group: where tiles overlap, it is not applied twice. */
  fills(features: MapGeoJSONFeature[]): string {
    const groups = grouped(features, (f) => number(f.layer.paint?.['fill-opacity' as never], 1));
    return [...groups].filter(([opacity]) => opacity > 0).map(([opacity, list]) => `<g opacity="${opacity}">${this.#byTile(list, (f) => {
      const paint = f.layer.paint as Record<string, unknown>;
      return `<path${code(f)} d="${this.#path(f)}" fill-rule="evenodd" fill="${PATTERNS[f.layer.id] ? `url(#${PATTERNS[f.layer.id]})` : String(paint['fill-color'] ?? '#000')}"/>`;
    })}</g>`).join('');
  }

  lines(features: MapGeoJSONFeature[]): string {
    return this.#byTile(features, (f) => {
      const [paint, layout] = [f.layer.paint as Record<string, unknown>, (f.layer.layout ?? {}) as Record<string, unknown>];
      const width = number(paint['line-width'], 1);
      const opacity = number(paint['line-opacity'], 1);
      if (width <= 0 || opacity <= 0) return '';
      // Dashes are told in widths of the line; while two zooms blend, the nearer one's.
      const told = paint['line-dasharray'] as number[] | { to?: number[] } | undefined;
      const dashes = (Array.isArray(told) ? told : told?.to)?.map((d) => n(d * width)).join(' ');
      return `<path${code(f)} d="${this.#path(f)}" fill="none" stroke="${String(paint['line-color'] ?? '#000')}" stroke-width="${n(width)}" stroke-opacity="${opacity}" stroke-linejoin="${String(layout['line-join'] ?? 'miter')}"${dashes ? ` stroke-dasharray="${dashes}"` : ''}/>`;
    });
  }

  circles(features: MapGeoJSONFeature[]): string {
    return features.map((f) => {
      if (f.geometry.type !== 'Point') return '';
      const paint = f.layer.paint as Record<string, unknown>;
      const { x, y } = this.#at(f.geometry.coordinates);
      // A tile also holds the points around it, which its neighbour draws.
      const tile = this.#tile(f).box;
      if (x < tile.x || y < tile.y || x >= tile.x + tile.w || y >= tile.y + tile.h) return '';
      const stroke = number(paint['circle-stroke-width'], 0);
      return `<circle${code(f)} cx="${n(x)}" cy="${n(y)}" r="${n(number(paint['circle-radius'], 5) + stroke / 2)}" fill="${String(paint['circle-color'] ?? '#000')}" fill-opacity="${number(paint['circle-opacity'], 1)}" stroke="${String(paint['circle-stroke-color'] ?? 'none')}" stroke-width="${n(stroke)}" stroke-opacity="${number(paint['circle-stroke-opacity'], 1)}"/>`;
    }).join('');
  }

  texts(features: MapGeoJSONFeature[]): string {
    const seen = new Set<string>();
    return features.map((f) => {
      const [paint, layout] = [f.layer.paint as Record<string, unknown>, (f.layer.layout ?? {}) as Record<string, unknown>];
      const text = String(layout['text-field'] ?? '');
      if (f.geometry.type !== 'Point' || !text) return '';
      const { x, y } = this.#at(f.geometry.coordinates);
      const key = `${text} ${Math.round(x)} ${Math.round(y)}`;
      if (seen.has(key)) return '';
      seen.add(key);
      const size = number(layout['text-size'], 16);
      const lines = text.split('\n').flatMap((line) => broken(line, number(layout['text-max-width'], 10)));
      const spans = lines.map((line, i) => `<tspan x="${n(x)}" y="${n(y + size * (0.35 + 1.2 * (i - (lines.length - 1) / 2)))}">${escape(line)}</tspan>`).join('');
      return `<text font-size="${n(size)}" text-anchor="middle" fill="${String(paint['text-color'] ?? '#000')}" stroke="${String(paint['text-halo-color'] ?? 'none')}" stroke-width="${n(2 * number(paint['text-halo-width'], 0))}" stroke-linejoin="round" paint-order="stroke">${spans}</text>`;
    }).join('');
  }

  #byTile(features: MapGeoJSONFeature[], draw: (f: MapGeoJSONFeature) => string): string {
    return [...grouped(features, (f) => this.#tile(f).id)].map(([id, list]) => {
      const marks = list.map(draw).join('');
      return marks && `<g clip-path="url(#${id})">${marks}</g>`;
    }).join('');
  }

  /** The tile that a piece was cut for, and where it lies on the screen. */
  #tile(f: MapGeoJSONFeature): { id: string; box: Box } {
    const { _z: z, _x: x, _y: y } = f;
    const id = `tuile-${z}-${x}-${y}`;
    let box = this.#tiles.get(id);
    if (!box) {
      const corner = (i: number, j: number): { x: number; y: number } =>
        this.#at([(i / 2 ** z) * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - (2 * j) / 2 ** z))) * 180) / Math.PI]);
      const [a, b] = [corner(x, y), corner(x + 1, y + 1)];
      box = { x: a.x, y: a.y, w: b.x - a.x, h: b.y - a.y };
      this.#tiles.set(id, box);
    }
    return { id, box };
  }

  #at(position: Position): { x: number; y: number } {
    return this.#map.project([position[0] ?? 0, position[1] ?? 0]);
  }

  #path({ geometry: g }: MapGeoJSONFeature): string {
    const line = (points: Position[], end: string): string => `M${points.map((p) => { const { x, y } = this.#at(p); return `${n(x)} ${n(y)}`; }).join('L')}${end}`;
    if (g.type === 'Polygon') return g.coordinates.map((ring) => line(ring, 'Z')).join('');
    if (g.type === 'MultiPolygon') return g.coordinates.flat().map((ring) => line(ring, 'Z')).join('');
    if (g.type === 'LineString') return line(g.coordinates, '');
    if (g.type === 'MultiLineString') return g.coordinates.map((l) => line(l, '')).join('');
    return '';
  }
}

/** Patterns of the plate, by the layer that carries them. */
const PATTERNS: Record<string, string> = { 'zones-secret': HATCH, 'zones-vide': DOTS, 'zones-pale': STRIPES };

function grouped<T, K>(list: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of list) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** The zone's code, for who goes on working with the file. */
function code(f: MapGeoJSONFeature): string {
  const value: unknown = f.properties['code'];
  return value === undefined ? '' : ` data-code="${escape(String(value))}"`;
}

/** Lines of a label, about as wide as the map breaks them (after a space or a hyphen): `ems` of its size, a character taking half of one. */
export function broken(text: string, ems: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/(?<=[ -])/)) {
    const last = lines.at(-1);
    if (last !== undefined && (last.length + word.trimEnd().length) / 2 <= ems) lines[lines.length - 1] = last + word;
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd());
}
