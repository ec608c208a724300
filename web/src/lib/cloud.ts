// Dots of a scatter plot: who stands in a rectangle, who stands apart.

export interface Point {
  code: string;
  x: number;
  y: number;
}

/** Codes of the dots in a rectangle given by two corners. */
export function inRectangle(dots: readonly Point[], a: readonly [number, number], b: readonly [number, number]): Set<string> {
  const [x0, x1] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
  const [y0, y1] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
  return new Set(dots.filter((d) => d.x >= x0 && d.x <= x1 && d.y >= y0 && d.y <= y1).map((d) => d.code));
}

/** Codes of the dots on one side of each reference: `'hb'` is high in x, low in y. */
export function inQuadrant(dots: readonly Point[], quadrant: string, x: number, y: number): Set<string> {
  const [right, up] = [quadrant[0] === 'h', quadrant[1] === 'h'];
  return new Set(dots.filter((d) => d.x >= x === right && d.y >= y === up).map((d) => d.code));
}

/** The dots farthest from the middle of the cloud, in standard deviations; at most so many, none nearer than two. */
export function outliers<P extends Point>(dots: readonly P[], most: number): P[] {
  if (dots.length < 8) return [];
  const mean = (f: (d: P) => number): number => dots.reduce((s, d) => s + f(d), 0) / dots.length;
  const [mx, my] = [mean((d) => d.x), mean((d) => d.y)];
  const [sx, sy] = [Math.sqrt(mean((d) => (d.x - mx) ** 2)) || 1, Math.sqrt(mean((d) => (d.y - my) ** 2)) || 1];
  const far = dots.map((d) => ({ d, away: Math.hypot((d.x - mx) / sx, (d.y - my) / sy) })).filter(({ away }) => away > 2);
  return far.sort((a, b) => b.away - a.away).slice(0, most).map(({ d }) => d);
}

/** Of the dots to be named, those whose names don't cover one named before: a third of the width or a twentieth of the height away. */
export function apart<P extends Point>(named: readonly P[], all: readonly P[]): P[] {
  const width = Math.max(...all.map((d) => d.x)) - Math.min(...all.map((d) => d.x));
  const height = Math.max(...all.map((d) => d.y)) - Math.min(...all.map((d) => d.y));
  const kept: P[] = [];
  for (const d of named) {
    if (kept.every((k) => Math.abs(k.x - d.x) > 0.35 * width || Math.abs(k.y - d.y) > 0.05 * height)) kept.push(d);
  }
  return kept;
}

/** A name on a chart, in pixels: where its dot is, how long it is, and on which side of it the name begins. */
export interface Placed<P> { dot: P; side: 'start' | 'end' }
/** Height of a line of names. */
const LINE = 17;

/** The first so many of these dots whose names have room: to the right of the dot or to its left, on no other name. */
export function spaced<P extends { x: number; y: number; long: number }>(dots: readonly P[], most: number, edge: number): Placed<P>[] {
  const kept: (Placed<P> & { left: number })[] = [];
  for (const dot of dots) {
    if (kept.length === most) break;
    const free = ({ left }: { left: number }): boolean =>
      left >= 0 && left + dot.long <= edge && kept.every((k) => Math.abs(k.dot.y - dot.y) >= LINE || k.left >= left + dot.long || left >= k.left + k.dot.long);
    const place = [{ side: 'start' as const, left: dot.x }, { side: 'end' as const, left: dot.x - dot.long }].find(free);
    if (place) kept.push({ dot, ...place });
  }
  return kept;
}

/** Pearson's correlation; `null` when one of the two does not vary. */
export function correlation(dots: readonly Point[]): number | null {
  const n = dots.length;
  if (n < 3) return null;
  const mx = dots.reduce((s, d) => s + d.x, 0) / n;
  const my = dots.reduce((s, d) => s + d.y, 0) / n;
  let [xy, xx, yy] = [0, 0, 0];
  for (const d of dots) {
    xy += (d.x - mx) * (d.y - my);
    xx += (d.x - mx) ** 2;
    yy += (d.y - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}
