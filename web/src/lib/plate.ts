// A plate: a map or a chart with its title, legend, source and secrecy note, laid out once and drawn as SVG or on a canvas.

import { COLOR, DOTS, HATCH, STRIPES, type Pattern } from '../map/layers';
import { formatNumber } from './format';
import type { LegendMark, LegendRow, MapLegend } from './legend';

export type Mark =
  | { kind: 'rect'; x: number; y: number; w: number; h: number; fill: string; pattern?: Pattern; stroke?: string; opacity?: number }
  | { kind: 'circle'; x: number; y: number; r: number; fill: string; stroke: string; opacity?: number }
  | { kind: 'text'; x: number; y: number; text: string; size: number; weight?: number; fill?: string; end?: boolean; length?: number }
  | { kind: 'line'; x1: number; y1: number; x2: number; y2: number; stroke: string; width: number; dash?: string }
  /** Pixels, as a data address. */
  | { kind: 'image'; x: number; y: number; w: number; h: number; href: string }
  /** A drawing of its own (an SVG element's text). */
  | { kind: 'drawing'; x: number; y: number; w: number; h: number; svg: string };

export interface Plate {
  width: number;
  height: number;
  title: string;
  marks: Mark[];
}

export interface PlateText {
  title: string;
  subtitle: string;
  /** One line a source; the secrecy note comes last. */
  notes: string[];
}

/** Width of a text in pixels at a size and weight; given, so that the layout can be tested without a browser. */
export type Measure = (text: string, size: number, weight: number) => number;

const INK = '#1d2b36';
const QUIET = '#4c5b66';
const FONT = "'Source Sans 3 Variable', 'Source Sans 3', 'Noto Sans', Arial, sans-serif";
const MARGIN = 36;
const COLUMN = 330;

/** Cuts a text into lines no wider than that; a word that is wider stands alone. */
export function wrap(text: string, width: number, size: number, weight: number, measure: Measure): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && measure(`${last} ${word}`, size, weight) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

class Layout {
  readonly marks: Mark[] = [];
  y = MARGIN;
  readonly #measure: Measure;
  constructor(measure: Measure) {
    this.#measure = measure;
  }
  /** Texts with their lengths: another font, where the file is opened, keeps within them. */
  measured(): Mark[] {
    return this.marks.map((m) => (m.kind === 'text' ? { ...m, length: this.#measure(m.text, m.size, m.weight ?? 400) } : m));
  }
  paragraph(text: string, x: number, width: number, size: number, weight = 400, fill = INK): void {
    for (const line of wrap(text, width, size, weight, this.#measure)) {
      this.y += size * 1.25;
      this.marks.push({ kind: 'text', x, y: this.y, text: line, size, weight, fill });
    }
  }
}

function heading(layout: Layout, text: PlateText, width: number): void {
  layout.paragraph(text.title, MARGIN, width - 2 * MARGIN, 30, 600);
  layout.paragraph(text.subtitle, MARGIN, width - 2 * MARGIN, 18, 400, QUIET);
  layout.y += 18;
}

function ending(layout: Layout, text: PlateText, width: number): Plate {
  layout.marks.push({ kind: 'line', x1: MARGIN, y1: layout.y, x2: width - MARGIN, y2: layout.y, stroke: '#c6cdd1', width: 1 });
  layout.y += 4;
  for (const note of text.notes) layout.paragraph(note, MARGIN, width - 2 * MARGIN, 14.5, 400, QUIET);
  const height = Math.ceil(layout.y + MARGIN * 0.8);
  return { width, height, title: text.title, marks: [{ kind: 'rect', x: 0, y: 0, w: width, h: height, fill: '#ffffff' }, ...layout.measured()] };
}

/** A map as pixels, or as a drawing of its own, with its scale bar in its own pixels. */
export type MapPicture = ({ href: string } | { svg: string }) & { width: number; height: number; bar?: { pixels: number; label: string } };

/** Width of a plate of a map, and what its map takes of it. */
const WIDTH = 1600;
export const MAP_WIDTH = WIDTH - 2 * MARGIN - COLUMN - 28;

/** The map on the left, its legend on the right, sources below. */
export function mapPlate(text: PlateText, image: MapPicture, legend: MapLegend, measure: Measure): Plate {
  const h = (MAP_WIDTH * image.height) / image.width;
  const layout = new Layout(measure);
  heading(layout, text, WIDTH);
  const top = layout.y;
  const box = { x: MARGIN, y: top, w: MAP_WIDTH, h };
  layout.marks.push('svg' in image ? { kind: 'drawing', ...box, svg: image.svg } : { kind: 'image', ...box, href: image.href });
  if (image.bar) barOf(layout, box, (image.bar.pixels * MAP_WIDTH) / image.width, image.bar.label, measure);
  layout.y = top - 8;
  legendOf(layout, MARGIN + MAP_WIDTH + 28, legend, measure);
  layout.y = Math.max(layout.y, top + h) + 20;
  return ending(layout, text, WIDTH);
}

/** The scale bar, in the map's lower left corner. */
function barOf(layout: Layout, box: { x: number; y: number; h: number }, pixels: number, label: string, measure: Measure): void {
  const [x, y] = [box.x + 18, box.y + box.h - 18];
  layout.marks.push(
    { kind: 'rect', x: x - 8, y: y - 28, w: Math.max(pixels, measure(label, 15, 600)) + 16, h: 38, fill: '#ffffff', opacity: 0.85 },
    { kind: 'text', x, y: y - 9, text: label, size: 15, weight: 600 },
    { kind: 'line', x1: x, y1: y, x2: x + pixels, y2: y, stroke: INK, width: 2.5 },
    { kind: 'line', x1: x + 1, y1: y - 6, x2: x + 1, y2: y, stroke: INK, width: 2 },
    { kind: 'line', x1: x + pixels - 1, y1: y - 6, x2: x + pixels - 1, y2: y, stroke: INK, width: 2 },
  );
}

/** Side of a place in the square of two indicators. */
const CELL = 30;
const SWATCH = { w: 34, h: 22, label: 46 };

function legendOf(layout: Layout, x: number, legend: MapLegend, measure: Measure): void {
  layout.paragraph('Légende', x, COLUMN, 17, 600);
  layout.y += 10;
  for (const row of [...legend.classes, ...legend.others]) rowOf(layout, x, row, measure);
  layout.y += 8;
  layout.paragraph(legend.foot, x, COLUMN, 14.5, 400, QUIET);
}

/** A row of the legend; a label that is too long takes more lines, never the place of its count. */
function rowOf(layout: Layout, x: number, row: LegendRow, measure: Measure): void {
  const count = row.count === null ? '' : formatNumber(row.count);
  const sizes = row.mark.kind === 'sizes' ? row.mark : null;
  const square = row.mark.kind === 'matrix' ? row.mark : null;
  const most = Math.max(0, ...(sizes?.circles.map((c) => c.radius) ?? []));
  const left = sizes ? 2 * most + 14 : square ? square.columns * CELL + 14 : SWATCH.label;
  const top = layout.y + 8;
  const lines = wrap([row.label, row.word].filter(Boolean).join(', '), COLUMN - left - (count ? measure(count, 15, 400) + 12 : 0), 16.5, 400, measure);
  const height = Math.max(sizes ? 2 * most + 4 : square ? (square.colors.length / square.columns) * CELL + 4 : SWATCH.h, lines.length * 20);
  layout.marks.push(...swatch(row.mark, x, top, most));
  const first = sizes ? top + height / 2 - (lines.length - 1) * 10 + 6 : top + 17;
  lines.forEach((text, i) => layout.marks.push({ kind: 'text', x: x + left, y: first + i * 20, text, size: 16.5 }));
  if (count) layout.marks.push({ kind: 'text', x: x + COLUMN, y: first, text: count, size: 15, fill: QUIET, end: true });
  layout.y = top + height;
  if (row.reference) layout.paragraph(`◂ ${row.reference.nom} : ${row.reference.value}`, x + left, COLUMN - left, 14.5, 400, INK);
}

function swatch(mark: LegendMark, x: number, y: number, most: number): Mark[] {
  const box = { kind: 'rect' as const, x, y, w: SWATCH.w, h: SWATCH.h };
  const disc = { kind: 'circle' as const, x: x + SWATCH.w / 2, y: y + SWATCH.h / 2, r: 8 };
  switch (mark.kind) {
    case 'fill': return [{ ...box, fill: mark.color }];
    case 'dot': return [{ ...disc, fill: mark.color, stroke: mark.color }];
    case 'ring': return [{ ...disc, fill: '#ffffff', stroke: COLOR.mark }];
    case 'hatch': return [{ ...box, fill: COLOR.secret, pattern: HATCH }];
    case 'dots': return [{ ...box, fill: '#ffffff', pattern: DOTS, stroke: '#b9bfc3' }];
    case 'land': return [{ ...box, fill: COLOR.land, stroke: '#d5d2ca' }];
    case 'pale': return mark.colors.map((fill, i): Mark => ({ ...box, x: x + (i * SWATCH.w) / 2, w: SWATCH.w / 2, fill, opacity: 0.45 }));
    case 'striped': return mark.colors.map((fill, i): Mark => ({ ...box, x: x + (i * SWATCH.w) / 2, w: SWATCH.w / 2, fill, pattern: STRIPES }));
    case 'matrix': return mark.colors.flatMap((fill, k): Mark[] => {
      const [i, j] = [k % mark.columns, mark.colors.length / mark.columns - 1 - Math.floor(k / mark.columns)];
      return [{ kind: 'rect', x: x + i * CELL, y: y + j * CELL, w: CELL - 1, h: CELL - 1, fill }];
    });
    case 'line': return [{ kind: 'line', x1: x, y1: y + 11, x2: x + SWATCH.w, y2: y + 11, stroke: mark.color, width: 3, dash: '9 4' }];
    case 'surface': return [{ ...disc, x: x + 7, y: y + 14, r: 5, fill: 'none', stroke: QUIET }, { ...disc, x: x + 24, r: 9, fill: 'none', stroke: QUIET }];
    case 'sizes': return mark.circles.map(({ radius }): Mark => ({ kind: 'circle', x: x + most + 1, y: y + 2 * most + 1 - radius, r: radius, fill: mark.color, stroke: QUIET, opacity: 0.6 }));
  }
}

/** One drawing (a chart) with its title and sources. */
export function chartPlate(text: PlateText, drawing: { svg: string; width: number; height: number }, measure: Measure): Plate {
  const width = 1000;
  const w = width - 2 * MARGIN;
  const layout = new Layout(measure);
  heading(layout, text, width);
  const h = (w * drawing.height) / drawing.width;
  layout.marks.push({ kind: 'drawing', x: MARGIN, y: layout.y, w, h, svg: drawing.svg });
  layout.y += h + 20;
  return ending(layout, text, width);
}

const escape = (text: string): string => text.replace(/[<>&"]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[c] ?? c);
const n = (value: number): string => String(Math.round(value * 100) / 100);

/** The plate as a file for a drawing program. */
export function toSvg(plate: Plate): string {
  const parts = plate.marks.map((m) => {
    const box = 'w' in m ? `x="${n(m.x)}" y="${n(m.y)}" width="${n(m.w)}" height="${n(m.h)}"` : '';
    if (m.kind === 'rect') return `<rect ${box} fill="${m.fill}"${m.opacity === undefined ? '' : ` fill-opacity="${m.opacity}"`}${m.stroke ? ` stroke="${m.stroke}"` : ''}/>${m.pattern ? `<rect ${box} fill="url(#${m.pattern})"/>` : ''}`;
    if (m.kind === 'circle') return `<circle cx="${n(m.x)}" cy="${n(m.y)}" r="${n(m.r)}" fill="${m.fill}" fill-opacity="${m.opacity ?? 1}" stroke="${m.stroke}"/>`;
    if (m.kind === 'image') return `<image ${box} href="${m.href}"/>`;
    if (m.kind === 'line') return `<line x1="${n(m.x1)}" y1="${n(m.y1)}" x2="${n(m.x2)}" y2="${n(m.y2)}" stroke="${m.stroke}" stroke-width="${m.width}"${m.dash ? ` stroke-dasharray="${m.dash}"` : ''}/>`;
    if (m.kind === 'drawing') return `<g transform="translate(${n(m.x)} ${n(m.y)})">${sized(m.svg, m.w, m.h)}</g>`;
    return `<text x="${n(m.x)}" y="${n(m.y)}" font-size="${m.size}" font-weight="${m.weight ?? 400}" fill="${m.fill ?? INK}"${m.end ? ' text-anchor="end"' : ''}${m.length ? ` textLength="${n(m.length)}" lengthAdjust="spacingAndGlyphs"` : ''}>${escape(m.text)}</text>`;
  });
  const patterns = `<defs><pattern id="${HATCH}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="7" height="1.4" fill="${COLOR.mark}"/></pattern><pattern id="${STRIPES}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="2.2" fill="#ffffff"/></pattern><pattern id="${DOTS}" width="8" height="8" patternUnits="userSpaceOnUse"><g fill="${COLOR.mark}"><circle cx="2" cy="2" r="0.9"/><circle cx="6" cy="6" r="0.9"/></g></pattern></defs>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${plate.width}" height="${plate.height}" viewBox="0 0 ${plate.width} ${plate.height}" font-family="${FONT}"><title>${escape(plate.title)}</title>${patterns}${parts.join('\n')}</svg>\n`;
}

/** A drawing's own SVG, drawn at this size. */
const sized = (svg: string, w: number, h: number): string =>
  svg.replace(/^<svg\b[^>]*>/, (tag) => tag.replace(/\s(width|height)="[^"]*"/g, '').replace('<svg', `<svg width="${n(w)}" height="${n(h)}"`));

const picture = (href: string): Promise<HTMLImageElement> =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('L’image n’a pas pu être composée.'));
    image.src = href;
  });

/** The plate as pixels, `scale` of them for each of its units. */
export async function toPng(plate: Plate, scale = 2): Promise<Blob> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [plate.width * scale, plate.height * scale];
  const g = canvas.getContext('2d');
  if (!g) throw new Error('Ce navigateur ne sait pas composer d’image.');
  g.scale(scale, scale);
  for (const m of plate.marks) {
    if (m.kind === 'rect') {
      g.globalAlpha = m.opacity ?? 1;
      g.fillStyle = m.fill;
      g.fillRect(m.x, m.y, m.w, m.h);
      g.globalAlpha = 1;
      if (m.pattern) filled(g, m, m.pattern);
      if (m.stroke) {
        g.strokeStyle = m.stroke;
        g.lineWidth = 1;
        g.setLineDash([]);
        g.strokeRect(m.x, m.y, m.w, m.h);
      }
    } else if (m.kind === 'circle') {
      g.beginPath();
      g.arc(m.x, m.y, m.r, 0, 2 * Math.PI);
      g.globalAlpha = m.opacity ?? 1;
      g.fillStyle = m.fill;
      if (m.fill !== 'none') g.fill();
      g.globalAlpha = 1;
      g.strokeStyle = m.stroke;
      g.lineWidth = 1.2;
      g.setLineDash([]);
      g.stroke();
    } else if (m.kind === 'image') {
      g.drawImage(await picture(m.href), m.x, m.y, m.w, m.h);
    } else if (m.kind === 'drawing') {
      g.drawImage(await picture(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(sized(m.svg, m.w, m.h))}`), m.x, m.y, m.w, m.h);
    } else if (m.kind === 'line') {
      g.strokeStyle = m.stroke;
      g.lineWidth = m.width;
      g.setLineDash(m.dash?.split(' ').map(Number) ?? []);
      g.beginPath();
      g.moveTo(m.x1, m.y1);
      g.lineTo(m.x2, m.y2);
      g.stroke();
    } else {
      g.font = `${m.weight ?? 400} ${m.size}px ${FONT}`;
      g.fillStyle = m.fill ?? INK;
      g.textAlign = m.end ? 'right' : 'left';
      g.fillText(m.text, m.x, m.y);
    }
  }
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('L’image n’a pas pu être composée.'))), 'image/png'));
}

/** Fills a rectangle with a pattern of the map. */
function filled(g: CanvasRenderingContext2D, m: { x: number; y: number; w: number; h: number }, pattern: Pattern): void {
  g.save();
  g.beginPath();
  g.rect(m.x, m.y, m.w, m.h);
  g.clip();
  g.strokeStyle = g.fillStyle = pattern === STRIPES ? '#ffffff' : COLOR.mark;
  g.lineWidth = pattern === STRIPES ? 2.2 : 1.4;
  g.setLineDash([]);
  if (pattern !== DOTS) {
    const [from, to] = pattern === STRIPES ? [m.y, m.y + m.h] : [m.y + m.h, m.y];
    for (let x = m.x - m.h; x < m.x + m.w; x += 7) {
      g.beginPath();
      g.moveTo(x, from);
      g.lineTo(x + m.h, to);
      g.stroke();
    }
  } else {
    for (let i = 0; i * 4 < m.w; i += 1) {
      for (let y = m.y + 2 + (i % 2) * 4; y < m.y + m.h; y += 8) {
        g.beginPath();
        g.arc(m.x + 2 + i * 4, y, 0.9, 0, 2 * Math.PI);
        g.fill();
      }
    }
  }
  g.restore();
}

/** Measures texts with a canvas of the page. */
export function canvasMeasure(): Measure {
  const g = document.createElement('canvas').getContext('2d');
  return (text, size, weight) => {
    if (!g) return text.length * size * 0.5;
    g.font = `${weight} ${size}px ${FONT}`;
    return g.measureText(text).width;
  };
}
