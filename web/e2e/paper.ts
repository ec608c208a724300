// What is wrong with a page on paper: text that is cut by an edge, text that lies on text, on the page and on the sheets made of it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { drawn, spaced } from './harness';
import { scaleOf, sheetFaults, sheetsOf, shrunk, sizesOf, type Sheet } from './sheets';

/** CSS pixels of a millimetre. */
const MM = 96 / 25.4;
/** The printed width of an A4 sheet between its margins. */
export const WIDTHS = { portrait: Math.floor((210 - 24) * MM), landscape: Math.floor((297 - 22) * MM), sheet: Math.floor((297 - 20) * MM) };

export interface Printed { faults: string[]; pages: number; sheets: Sheet[]; scale: number | null; pdf: Buffer; text: string }

/** Lays the page out as on paper of this width, and tells its faults; its PDF is kept with the output of the tests. */
export async function onPaper(page: Page, width: number, name: string): Promise<Printed> {
  const before = page.viewportSize();
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width, height: 900 });
  await laid(page);
  const faults = await textFaults(page);
  // Chrome asks « is it narrow? » of another sheet than it prints on: both answers are looked at.
  await page.setViewportSize({ width: Math.min(width, 880), height: 900 });
  await laid(page);
  faults.push(...(await textFaults(page)).filter((f) => !faults.includes(f)));
  await page.setViewportSize({ width, height: 900 });
  await laid(page);
  faults.push(...(await lost(page)));
  const text = spaced(await page.locator('body').innerText());
  const sizes = await sizesOf(page);
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  const sheets = await sheetsOf(pdf);
  const scale = scaleOf(sheets, sizes);
  faults.push(...sheetFaults(sheets), ...shrunk(scale));
  const folder = join(import.meta.dirname, '..', '..', 'test-output', 'papier');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.pdf`), pdf);
  await page.emulateMedia({ media: 'screen' });
  if (before) await page.setViewportSize(before);
  return { faults, pages: sheets.length, sheets, scale, pdf, text };
}

/** Waits until what the paper asks for is there: letters, pictures, and two frames. */
async function laid(page: Page): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await page.waitForFunction(() => [...document.images].every((i) => i.complete || !i.checkVisibility()));
  await drawn(page);
}

/** What the screen has and paper has not: words of a cell whose column has a name, and what is folded, maps. */
const lost = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const cells = [...document.querySelectorAll<HTMLTableCellElement>('tbody :is(td, th)')].filter((cell) => {
      const head = cell.closest('table')?.tHead?.rows[0]?.cells[cell.cellIndex];
      return cell.checkVisibility() && cell.textContent?.trim() && !cell.innerText.trim() && head?.innerText.trim() && !head.querySelector('.hidden');
    });
    const folded = [...document.querySelectorAll<HTMLDetailsElement>('main details:not([open], .hand)')].filter((part) => part.parentElement?.checkVisibility());
    const maps = [...document.querySelectorAll('main .maplibregl-map')].filter((map) => map.checkVisibility() && !map.querySelector<HTMLImageElement>('.map-picture')?.naturalWidth);
    return [...new Set([...maps.map(() => 'une carte vide'), ...cells.map((c) => `sans ses mots : « ${c.textContent?.trim()} »`), ...folded.map((d) => `replié : « ${d.textContent?.trim().slice(0, 60)} »`)])];
  });

/** Every line of text: beyond the paper, cut by what holds it, or on another line. */
export async function textFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    interface Line { text: string; left: number; top: number; right: number; bottom: number; node: Node }
    const lines: Line[] = [];
    const faults: string[] = [];
    const edge = document.documentElement.clientWidth;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const element = node.parentElement;
      const text = node.textContent?.trim().replace(/\s+/g, ' ') ?? '';
      if (!element || !text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || element.closest('.hidden, title, script, style')) continue;
      range.selectNodeContents(node);
      const size = parseFloat(getComputedStyle(element).fontSize);
      for (const r of range.getClientRects()) {
        if (r.width < 1 || r.height < 1) continue;
        // Letters take less than their line.
        const middle = (r.top + r.bottom) / 2;
        const half = Math.min(r.height / 2, size * 0.42);
        const line: Line = { text, left: r.left, top: middle - half, right: r.right, bottom: middle + half, node };
        lines.push(line);
        if (r.left < -1 || r.right > edge + 1) faults.push(`hors du papier : « ${text} » (${Math.round(r.left)}–${Math.round(r.right)} sur ${edge})`);
        for (let box = element.parentElement ? element : null; box && box !== document.body; box = box.parentElement) {
          const { overflowX, overflowY } = getComputedStyle(box);
          if (overflowX === 'visible' && overflowY === 'visible') continue;
          if (box instanceof SVGElement) continue;
          const b = box.getBoundingClientRect();
          if ((overflowX !== 'visible' && (r.left < b.left - 2 || r.right > b.right + 2)) || (overflowY !== 'visible' && (line.top < b.top - 2 || line.bottom > b.bottom + 2))) {
            faults.push(`coupé par ${box.tagName.toLowerCase()}.${box.className} : « ${text} »`);
            break;
          }
        }
      }
    }
    lines.sort((a, b) => a.top - b.top);
    lines.forEach((a, i) => {
      for (let j = i + 1; j < lines.length; j += 1) {
        const b = lines[j];
        if (!b || b.top > a.bottom) break;
        if (a.node === b.node) continue;
        const [w, h] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
        if (w > 2 && h > 3) faults.push(`l’un sur l’autre : « ${a.text} » et « ${b.text} »`);
      }
    });
    return [...new Set(faults)];
  });
}
