// What is wrong with a PDF, read from the PDF itself: text over text, text off the sheet, a page that was shrunk to fit.
import type { Page } from 'playwright-core';
import { getDocumentProxy } from 'unpdf';
import { spaced } from './harness';

/** A run of text on a sheet, in points; `y` grows downwards. */
export interface Run { text: string; size: number; left: number; right: number; top: number; bottom: number }
export interface Sheet { width: number; height: number; runs: Run[] }

/** Points of a CSS pixel, on a page that is not shrunk. */
const POINT = 0.75;
/** A page is as it was laid out from here on: sizes are rounded. */
const WHOLE = 0.97;
/** Words in common from which a scale is told. */
const ENOUGH = 5;

export async function sheetsOf(pdf: Uint8Array): Promise<Sheet[]> {
  const file = await getDocumentProxy(new Uint8Array(pdf));
  const sheets: Sheet[] = [];
  for (let n = 1; n <= file.numPages; n += 1) {
    const page = await file.getPage(n);
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = page.view;
    const runs: Run[] = [];
    for (const item of (await page.getTextContent()).items) {
      if (!('str' in item) || !item.str.trim()) continue;
      const [a = 0, b = 0, , , x = 0, y = 0] = item.transform as number[];
      // Text that stands on its side is that of a chart, whose layout the page has.
      if (Math.abs(b) > 0.01) continue;
      const base = y1 - y;
      runs.push({ text: item.str.trim(), size: Math.abs(a), left: x - x0, right: x - x0 + item.width, top: base - 0.68 * Math.abs(a), bottom: base + 0.16 * Math.abs(a) });
    }
    sheets.push({ width: x1 - x0, height: y1 - y0, runs });
  }
  return sheets;
}

/** Text that lies on other text or leaves its sheet. */
export function sheetFaults(sheets: readonly Sheet[]): string[] {
  const faults: string[] = [];
  sheets.forEach(({ width, height, runs }, i) => {
    const on = `page ${i + 1}`;
    for (const r of runs) if (r.left < -0.5 || r.top < -0.5 || r.right > width + 0.5 || r.bottom > height + 0.5) faults.push(`${on}, hors de la feuille : « ${r.text} »`);
    const sorted = [...runs].sort((a, b) => a.top - b.top);
    sorted.forEach((a, k) => {
      for (const b of sorted.slice(k + 1)) {
        if (b.top > a.bottom) break;
        const [w, h] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
        // Letters that are drawn twice in one place are one text.
        const twice = a.text === b.text && Math.abs(a.left - b.left) < 1 && Math.abs(a.top - b.top) < 1;
        if (w > 1.5 && h > 2 && !twice) faults.push(`${on}, l’un sur l’autre : « ${a.text} » et « ${b.text} »`);
      }
    });
  });
  return [...new Set(faults)];
}

/** Sheets that the page went past with little on them: another follows, and this one has text on a third of it at most. */
export function sparse(sheets: readonly Sheet[]): string[] {
  return sheets.slice(0, -1).flatMap(({ height, runs }, i) => (Math.max(0, ...runs.map((r) => r.bottom)) < height / 3 ? [`page ${i + 1}, presque vide`] : []));
}

/** The size of letters by text, as the page lays them out for paper; texts of several sizes are left out. */
export const sizesOf = (page: Page): Promise<[string, number][]> =>
  page.evaluate(() => {
    const sizes = new Map<string, number | null>();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.textContent?.trim() ?? '';
      if (!element || text.length < 4 || element.closest('svg') || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const size = parseFloat(getComputedStyle(element).fontSize);
      sizes.set(text, sizes.has(text) && sizes.get(text) !== size ? null : size);
    }
    return [...sizes].filter((entry): entry is [string, number] => entry[1] !== null);
  });

/** How much of its size a page has on its sheets: 1, or less if the browser shrank it. None if too little text is on both. */
export function scaleOf(sheets: readonly Sheet[], sizes: readonly [string, number][]): number | null {
  const laid = new Map(sizes.map(([text, size]) => [spaced(text), size]));
  const ratios = sheets.flatMap((s) => s.runs.flatMap((r) => (laid.has(spaced(r.text)) ? [r.size / ((laid.get(spaced(r.text)) ?? 1) * POINT)] : []))).sort((a, b) => a - b);
  return ratios.length < ENOUGH ? null : (ratios[Math.floor(ratios.length / 2)] ?? null);
}

export const shrunk = (scale: number | null): string[] => (scale !== null && scale < WHOLE ? [`rapetissé à ${Math.round(100 * scale)} % pour tenir en largeur`] : []);
