// What a page shows, as blocks of a dossier: its titles, sentences, tables and charts; never its forms and buttons.
import type { Block } from './dossier';

/** What is only for a hand, or not seen. */
const SKIPPED = 'button:not(th button, h2 button, h3 button), summary, details:not([open]), section:has(form):not(:has(table)), form, select, textarea, input, fieldset, nav, .btn, .seg, .hidden, .skip, [hidden], figcaption .now, .tools, .hand';
const STYLES = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'opacity', 'font-size', 'font-weight', 'text-anchor', 'dominant-baseline', 'paint-order', 'stroke-linejoin'];
/** A drawing narrower than this is an ornament. */
const LEAST_CHART = 140;
/** Pixels around a chart for the labels of its axes. */
const BEYOND = 26;

const clean = (text: string): string => text.replace(/[↑↓]\s*$/u, '').replace(/[ \t\n]+/g, ' ').replace(/ (?=[,.)])/g, '').trim();
/** What is read of it, without what is only for a hand. */
const textOf = (e: Element): string => {
  if (e instanceof HTMLElement && !e.querySelector(SKIPPED)) return clean(e.innerText);
  return clean([...e.childNodes].map((n) => (n instanceof Element ? (n.matches(SKIPPED) ? '' : textOf(n)) : (n.textContent ?? ''))).join(' '));
};

/** Cells whose parts stand on lines of their own are one line here. */
const cellOf = (cell: HTMLElement): string => clean(cell.innerText.replace(/\n+/g, ' · '));

function tableOf(table: HTMLTableElement): Block | null {
  const bodies = [...table.tBodies].flatMap((b) => [...b.rows]);
  const acts = (i: number): boolean => bodies.some((r) => r.cells[i]?.classList.contains('actions') || r.cells[i]?.querySelector('select, input, textarea'));
  const width = Math.max(0, ...bodies.map((r) => r.cells.length));
  const kept = [...Array(width).keys()].filter((i) => !acts(i));
  const rows = bodies.map((r) => kept.map((i) => (r.cells[i] ? cellOf(r.cells[i]) : '')));
  if (rows.length === 0) return null;
  const head = table.tHead?.rows[0]?.cells;
  return { kind: 'table', head: head ? kept.map((i) => (head[i] ? cellOf(head[i]) : '')) : [], rows, numeric: kept.map((i) => bodies.some((r) => r.cells[i]?.classList.contains('num'))) };
}

type Image = Extract<Block, { kind: 'image' }>;

/** A chart with the colours that it has on the screen, so that it needs no style sheet. */
function chartOf(svg: SVGSVGElement): Image {
  const box = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [[svg, ...svg.querySelectorAll('*')], [copy, ...copy.querySelectorAll('*')]];
  from.forEach((e, i) => {
    const style = getComputedStyle(e);
    to[i]?.removeAttribute('class');
    to[i]?.setAttribute('style', STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(';'));
  });
  copy.querySelectorAll('style, foreignObject, script').forEach((e) => e.remove());
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('font-family', "'Source Sans 3', 'Noto Sans', Arial, sans-serif");
  // On the page a chart may write beyond its box; an image cuts there, hence the margin.
  const { x, y, width, height } = svg.viewBox.baseVal?.width ? svg.viewBox.baseVal : { x: 0, y: 0, width: box.width, height: box.height };
  const margin = (BEYOND * width) / box.width;
  copy.setAttribute('viewBox', [x - margin, y - margin, width + 2 * margin, height + 2 * margin].join(' '));
  copy.setAttribute('width', String(Math.round(box.width + 2 * BEYOND)));
  copy.setAttribute('height', String(Math.round(box.height + 2 * BEYOND)));
  return { kind: 'image', src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`, alt: svg.getAttribute('aria-label') ?? 'Graphique' };
}

/** The one chart of a figure, if it has one. */
function chartIn(figure: Element): SVGSVGElement | null {
  const charts = [...figure.querySelectorAll('svg')].filter((svg) => svg.getBoundingClientRect().width >= LEAST_CHART);
  return charts.length === 1 ? (charts[0] ?? null) : null;
}

/** A list of a few words, as a legend is: one line. */
const isLine = (list: Element): boolean => list.children.length > 1 && [...list.children].every((item) => (item.textContent ?? '').length < 60 && !item.querySelector('table, svg[role], button, input'));

const BLOCKS = 'h1, h2, h3, h4, p, li, dt, dd, table, svg, img, figcaption, section, article, div, ul, ol, dl, figure, details';

/** The blocks of a part of the page, in the order in which they are read. */
export function collect(root: Element): Block[] {
  const blocks: Block[] = [];
  const say = (text: string): void => {
    if (text) blocks.push({ kind: 'texte', text });
  };
  const walk = (e: Element): void => {
    if (e.matches(SKIPPED) || !e.checkVisibility({ visibilityProperty: true })) return;
    if (e instanceof SVGSVGElement) {
      if (e.getBoundingClientRect().width >= LEAST_CHART) blocks.push(chartOf(e));
    } else if (e instanceof HTMLImageElement) {
      if (e.src.startsWith('data:image/')) blocks.push({ kind: 'image', src: e.src, alt: e.alt });
    } else if (e.matches('.maplibregl-map')) {
      const picture = e.querySelector<HTMLImageElement>('.map-picture');
      if (picture?.src) blocks.push({ kind: 'image', src: picture.src, alt: e.querySelector('canvas')?.getAttribute('aria-label') ?? 'Carte' });
    } else if (e.matches('figure') && chartIn(e)) {
      const [chart, caption] = [chartIn(e), e.querySelector('figcaption')];
      if (chart) blocks.push({ ...chartOf(chart), ...(caption ? { title: textOf(caption) } : {}) });
    } else if (e.matches('article') && !e.querySelector('table, svg, img, h2, ul, ol')) {
      // A card is one line: its name, then its figures.
      const name = e.querySelector('h3, h4');
      const rest = [...e.querySelectorAll(':scope > p')].map(textOf).filter(Boolean).join(' · ');
      say([name ? textOf(name) : '', rest].filter(Boolean).join(' : '));
    } else if (e instanceof HTMLTableElement) {
      const table = tableOf(e);
      if (table) blocks.push(table);
    } else if (e.matches('h1, h2, h3, h4')) {
      const text = textOf(e);
      if (text) blocks.push({ kind: 'titre', text });
    } else if (e.matches('dl') && !e.querySelector('table, svg, img')) {
      for (const name of e.querySelectorAll('dt')) say([textOf(name), name.nextElementSibling ? textOf(name.nextElementSibling) : ''].filter(Boolean).join(' : '));
    } else if (e.matches('ul, ol') && isLine(e)) say([...e.children].map(textOf).filter(Boolean).join(' · '));
    else if (e.matches('p, li, figcaption') && !e.querySelector('table, img')) {
      const link = e.querySelector('button, select, input');
      if (!link || e.matches('p')) say(textOf(e));
    } else if (e.querySelector(BLOCKS)) for (const child of e.children) walk(child);
    else say(textOf(e));
  };
  walk(root);
  return blocks;
}
