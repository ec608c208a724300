import { describe, expect, it } from 'vitest';
import { aspectOf, boxAround, freePadding, isInside, metresPerPixel, scaleBar, toBox, wider, type Rect, type Size } from './frame';

const SIZE: Size = { width: 964, height: 740 };
const LEGEND: Rect = { left: 14, top: 420, right: 306, bottom: 726 };
const SHEET: Rect = { left: 552, top: 0, right: 964, bottom: 740 };
const TOOLS: Rect = { left: 14, top: 14, right: 400, bottom: 54 };

/** The rectangle that a padding leaves. */
const left = (size: Size, covers: readonly Rect[], aspect: number): Rect => {
  const p = freePadding(size, covers, aspect);
  return { left: p.left, top: p.top, right: size.width - p.right, bottom: size.height - p.bottom };
};
const overlaps = (a: Rect, b: Rect): boolean => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;

describe('the free area of a map', () => {
  it.each([[[LEGEND]], [[LEGEND, SHEET]], [[LEGEND, SHEET, TOOLS]], [[SHEET, TOOLS]]])('touches no panel, whatever the shape fitted (%#)', (covers) => {
    for (const aspect of [0.3, 0.7, 1, 1.6, 3]) {
      const free = left(SIZE, covers, aspect);
      expect(free.right - free.left).toBeGreaterThan(100);
      expect(free.bottom - free.top).toBeGreaterThan(100);
      for (const c of covers) expect(overlaps(free, c), JSON.stringify({ free, c, aspect })).toBe(false);
    }
  });
  it('passes a legend in the corner on the side that costs least', () => {
    expect(freePadding(SIZE, [LEGEND], 2).left).toBeGreaterThan(LEGEND.right);
    expect(freePadding(SIZE, [LEGEND], 2).bottom).toBeLessThan(60);
    expect(freePadding(SIZE, [LEGEND], 0.2).bottom).toBeGreaterThan(SIZE.height - LEGEND.top);
    expect(freePadding(SIZE, [LEGEND], 0.2).left).toBeLessThan(60);
  });
  it('is the whole map when a drawer hides it, and keeps room on a phone', () => {
    const phone: Size = { width: 375, height: 700 };
    const drawer: Rect = { left: 0, top: 40, right: 375, bottom: 700 };
    expect(freePadding(phone, [drawer])).toEqual(freePadding(phone, []));
    const free = left({ width: 375, height: 400 }, [{ left: 8, top: 200, right: 367, bottom: 392 }], 1);
    expect(free.bottom).toBeLessThan(200);
  });
  it('knows what lies in it', () => {
    const padding = freePadding(SIZE, [SHEET]);
    expect(isInside({ left: 100, top: 100, right: 200, bottom: 200 }, SIZE, padding)).toBe(true);
    expect(isInside({ left: 500, top: 100, right: 620, bottom: 200 }, SIZE, padding)).toBe(false);
  });
});

describe('boxes', () => {
  it('have the height of the Mercator map', () => {
    expect(aspectOf([5, 45, 6, 46])).toBeCloseTo(1.428, 2);
    expect(aspectOf([5, 45, 5, 45])).toBe(1);
  });
  it('are read, joined and widened', () => {
    expect(toBox([1, 2, 3])).toBeNull();
    expect(toBox([3, 2, 1, 4])).toBeNull();
    expect(boxAround([[1, 2, 3, 4], [0, 3, 2, 9]])).toEqual([0, 2, 3, 9]);
    expect(boxAround([])).toBeNull();
    expect(wider([0, 0, 2, 4], 0.5)).toEqual([-1, -2, 3, 6]);
    expect(wider([5, 5, 5, 5], 0.5, 0.02)).toEqual([4.99, 4.99, 5.01, 5.01]);
  });
});

describe('the scale bar', () => {
  it('is round and no longer than asked', () => {
    for (const zoom of [4, 7.3, 9, 12.6, 15]) {
      const bar = scaleBar(metresPerPixel(zoom, 45.7), 160);
      expect(bar.pixels).toBeLessThanOrEqual(160);
      expect(bar.pixels).toBeGreaterThan(60);
      expect(bar.label).toMatch(/^[125]0* k?m$/);
    }
  });
  it('measures the ground: at the equator a world of 512 pixels is its circumference', () => expect(metresPerPixel(0, 0) * 512).toBeCloseTo(40_075_016.686, 3));
});
