// A plate: a map or a chart with its title, legend, source and secrecy note, laid out once and drawn as SVG or on a canvas.

export type Mark =
  | { kind: 'rect'; x: number; y: number; w: number; h: number; fill: string; hatch?: boolean }
  | { kind: 'text'; x: number; y: number; text: string; size: number; weight?: number; fill?: string; end?: boolean }
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

export interface LegendRow {
  kind: 'fill' | 'hatch' | 'line' | 'dot' | 'none';
  color: string;
  label: string;
  count: string;
  reference?: string;
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
  return { width, height, title: text.title, marks: [{ kind: 'rect', x: 0, y: 0, w: width, h: height, fill: '#ffffff' }, ...layout.marks] };
}

/** A map as pixels, or as a drawing of its own. */
export type MapPicture = ({ href: string } | { svg: string }) & { width: number; height: number };

/** The map on the left, its legend on the right, sources below. */
export function mapPlate(text: PlateText, image: MapPicture, legend: { sub: string; rows: LegendRow[]; foot: string }, measure: Measure): Plate {
  const width = 1600;
  const w = width - 2 * MARGIN - COLUMN - 28;
  const h = (w * image.height) / image.width;
  const layout = new Layout(measure);
  heading(layout, text, width);
  const top = layout.y;
  const box = { x: MARGIN, y: top, w, h };
  layout.marks.push('svg' in image ? { kind: 'drawing', ...box, svg: image.svg } : { kind: 'image', ...box, href: image.href });
  const x = MARGIN + w + 28;
  layout.y = top - 8;
  layout.paragraph(legend.sub, x, COLUMN, 17, 600);
  layout.y += 10;
  for (const row of legend.rows) {
    layout.y += 30;
    const y = layout.y - 18;
    if (row.kind === 'line') layout.marks.push({ kind: 'line', x1: x, y1: y + 11, x2: x + 34, y2: y + 11, stroke: row.color, width: 3, dash: '9 4' });
    else layout.marks.push({ kind: 'rect', x, y, w: 34, h: 22, fill: row.color, hatch: row.kind === 'hatch' });
    layout.marks.push({ kind: 'text', x: x + 46, y: layout.y - 1, text: row.label, size: 16.5 });
    if (row.count) layout.marks.push({ kind: 'text', x: x + COLUMN, y: layout.y - 1, text: row.count, size: 15, fill: QUIET, end: true });
    if (row.reference) layout.paragraph(row.reference, x + 46, COLUMN - 46, 14.5, 400, QUIET);
  }
  layout.y += 10;
  layout.paragraph(legend.foot, x, COLUMN, 14.5, 400, QUIET);
  layout.y = Math.max(layout.y, top + h) + 20;
  return ending(layout, text, width);
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
    if (m.kind === 'rect') return `<rect ${box} fill="${m.fill}"/>${m.hatch ? `<rect ${box} fill="url(#hachures)"/>` : ''}`;
    if (m.kind === 'image') return `<image ${box} href="${m.href}"/>`;
    if (m.kind === 'line') return `<line x1="${n(m.x1)}" y1="${n(m.y1)}" x2="${n(m.x2)}" y2="${n(m.y2)}" stroke="${m.stroke}" stroke-width="${m.width}"${m.dash ? ` stroke-dasharray="${m.dash}"` : ''}/>`;
    if (m.kind === 'drawing') return `<g transform="translate(${n(m.x)} ${n(m.y)})">${sized(m.svg, m.w, m.h)}</g>`;
    return `<text x="${n(m.x)}" y="${n(m.y)}" font-size="${m.size}" font-weight="${m.weight ?? 400}" fill="${m.fill ?? INK}"${m.end ? ' text-anchor="end"' : ''}>${escape(m.text)}</text>`;
  });
  const hatch = '<defs><pattern id="hachures" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="7" height="1.4" fill="#8b9097"/></pattern></defs>';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${plate.width}" height="${plate.height}" viewBox="0 0 ${plate.width} ${plate.height}" font-family="${FONT}"><title>${escape(plate.title)}</title>${hatch}${parts.join('\n')}</svg>\n`;
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
      g.fillStyle = m.fill;
      g.fillRect(m.x, m.y, m.w, m.h);
      if (m.hatch) hatch(g, m);
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

function hatch(g: CanvasRenderingContext2D, m: { x: number; y: number; w: number; h: number }): void {
  g.save();
  g.beginPath();
  g.rect(m.x, m.y, m.w, m.h);
  g.clip();
  g.strokeStyle = '#8b9097';
  g.lineWidth = 1.4;
  g.setLineDash([]);
  for (let x = m.x - m.h; x < m.x + m.w; x += 7) {
    g.beginPath();
    g.moveTo(x, m.y + m.h);
    g.lineTo(x + m.h, m.y);
    g.stroke();
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
