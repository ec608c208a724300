// The part of a map that no panel covers, and how a territory is fitted into it. Pixels of the map, from its top left corner.

export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Size {
  width: number;
  height: number;
}
/** Pixels of each side that panels take, as MapLibre's `padding`. */
export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}
/** West, south, east, north in degrees. */
export type Box = readonly [number, number, number, number];

/** Between what is fitted and what covers the map. */
const MARGIN = 22;
/** A panel over more than this part of the map (a drawer on a phone) hides it: there is nothing to fit beside. */
const HIDES = 0.7;
/** The free area is never thought narrower. */
const LEAST = 96;

const SIDES = ['left', 'top', 'right', 'bottom'] as const;
type Side = (typeof SIDES)[number];

/** Mercator's height of a box for a width of one. */
export function aspectOf([west, south, east, north]: Box): number {
  const y = (lat: number): number => Math.asinh(Math.tan((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180));
  const width = ((east - west) * Math.PI) / 180;
  const height = y(north) - y(south);
  return width > 0 && height > 0 ? height / width : 1;
}

/** What a panel takes when the map is to lie on its other side. */
const taken = (cover: Rect, side: Side, { width, height }: Size): number =>
  Math.max(0, side === 'left' ? cover.right : side === 'top' ? cover.bottom : side === 'right' ? width - cover.left : height - cover.top);

/**
 * The padding that leaves the most room for a box of this aspect (height for a width of one): each panel is passed by on the side
 * that costs least, all panels together.
 */
export function freePadding(size: Size, covers: readonly Rect[], aspect = 1): Padding {
  const inside = covers
    .map((c) => ({ left: Math.max(0, c.left), top: Math.max(0, c.top), right: Math.min(size.width, c.right), bottom: Math.min(size.height, c.bottom) }))
    .filter((c) => c.right > c.left && c.bottom > c.top && (c.right - c.left) * (c.bottom - c.top) < HIDES * size.width * size.height);
  const none: Padding = { left: 0, top: 0, right: 0, bottom: 0 };
  let [best, most] = [none, -Infinity];
  const place = (i: number, padding: Padding): void => {
    const cover = inside[i];
    if (!cover) {
      const room = roomOf(size, padding, aspect);
      if (room > most) [best, most] = [padding, room];
      return;
    }
    for (const side of SIDES) place(i + 1, { ...padding, [side]: Math.max(padding[side], taken(cover, side, size)) });
  };
  place(0, none);
  const width = size.width - best.left - best.right;
  const height = size.height - best.top - best.bottom;
  if (width < LEAST || height < LEAST) best = none;
  const [x, y] = [Math.min(MARGIN, size.width / 8), Math.min(MARGIN, size.height / 8)];
  return { left: best.left + x, top: best.top + y, right: best.right + x, bottom: best.bottom + y };
}

/** How wide a box of this aspect is drawn between these paddings; negative when there is no room. */
function roomOf({ width, height }: Size, p: Padding, aspect: number): number {
  return Math.min(width - p.left - p.right, (height - p.top - p.bottom) / aspect);
}

/** Whether a rectangle of the map lies whole in what the padding leaves, to a pixel. */
export function isInside(rect: Rect, size: Size, padding: Padding): boolean {
  return rect.left >= padding.left - 1 && rect.top >= padding.top - 1 && rect.right <= size.width - padding.right + 1 && rect.bottom <= size.height - padding.bottom + 1;
}

/** The box that holds all these. */
export function boxAround(boxes: readonly Box[]): Box | null {
  const [first] = boxes;
  if (!first) return null;
  return boxes.reduce<Box>((all, b) => [Math.min(all[0], b[0]), Math.min(all[1], b[1]), Math.max(all[2], b[2]), Math.max(all[3], b[3])], first);
}

/** A list of numbers as a box, if it is one. */
export function toBox(numbers: readonly number[] | null | undefined): Box | null {
  const [west, south, east, north] = numbers ?? [];
  if (west === undefined || south === undefined || east === undefined || north === undefined) return null;
  return [west, south, east, north].every(Number.isFinite) && east >= west && north >= south ? [west, south, east, north] : null;
}

/** The same box with so much more on each side, a part of its size; `least`: degrees that it measures at the least. */
export function wider([west, south, east, north]: Box, part: number, least = 0): Box {
  const [dx, dy] = [Math.max((east - west) * part, (least - (east - west)) / 2, 0), Math.max((north - south) * part, (least - (north - south)) / 2, 0)];
  return [west - dx, south - dy, east + dx, north + dy];
}

/** A round length for a scale bar no longer than `most` pixels, in metres, and its pixels. */
export function scaleBar(metresPerPixel: number, most: number): { metres: number; pixels: number; label: string } {
  const longest = metresPerPixel * most;
  const power = 10 ** Math.floor(Math.log10(longest));
  const metres = ([5, 2, 1].find((m) => m * power <= longest) ?? 1) * power;
  return { metres, pixels: metres / metresPerPixel, label: metres >= 1000 ? `${metres / 1000} km` : `${metres} m` };
}

/** Metres of a pixel of a Mercator map of 512-pixel tiles. */
export const metresPerPixel = (zoom: number, lat: number): number => (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom);
