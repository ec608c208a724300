// What is painted on the page, pixel by pixel, and where things lie over the map.
import type { Page } from 'playwright-core';

export interface Box { x: number; y: number; width: number; height: number }

/** How many pixels of a part of the screen have each of these colours, exactly (`#rrggbb`). */
export async function pixels(page: Page, clip: Box, colours: readonly string[]): Promise<number[]> {
  const shot = (await page.screenshot({ clip })).toString('base64');
  return page.evaluate(async ([png, wanted]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    const g = canvas.getContext('2d', { willReadFrequently: true });
    if (!g) return [];
    g.drawImage(image, 0, 0);
    const { data } = g.getImageData(0, 0, image.width, image.height);
    const counts = new Map<number, number>();
    for (let i = 0; i < data.length; i += 4) {
      const rgb = ((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0);
      counts.set(rgb, (counts.get(rgb) ?? 0) + 1);
    }
    return wanted.map((c) => counts.get(parseInt(c.slice(1), 16)) ?? 0);
  }, [shot, [...colours]] as const);
}

/** « rgb(1, 2, 3) » as `#010203`. */
export const hex = (rgb: string): string => `#${(rgb.match(/\d+/g) ?? []).slice(0, 3).map((n) => Number(n).toString(16).padStart(2, '0')).join('')}`;

export const overlap = (a: Box, b: Box): boolean => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** What lies over the map. */
export async function covers(page: Page): Promise<{ name: string; box: Box }[]> {
  return page.locator('[data-cover]').evaluateAll((all) => all.flatMap((e) => {
    const r = e.getBoundingClientRect();
    return r.width > 0 && r.height > 0 ? [{ name: e.className, box: { x: r.x, y: r.y, width: r.width, height: r.height } }] : [];
  }));
}
