// Colours of residences on the map, and what an outline drawn by hand holds.

interface Placed { code: string; adresses: readonly { lon: number; lat: number }[] }

/** Told apart with the usual colour-vision deficiencies (Okabe and Ito, 2008), darkened for a light map. */
export const PALETTE = ['#0072b2', '#c04f00', '#007d5a', '#a6428a', '#7a6a00', '#3f3f9f', '#2c8fb5', '#7a3b2e'] as const;
/** Residences that a colour is chosen against: those that are in sight together. */
const NEIGHBOURS = 12;

/** The middle of the addresses of a residence. */
export function middle(addresses: Placed['adresses']): [number, number] {
  const n = Math.max(1, addresses.length);
  return [addresses.reduce((s, a) => s + a.lon, 0) / n, addresses.reduce((s, a) => s + a.lat, 0) / n];
}

/** A colour for each residence, the one that its nearest neighbours have least. The same residences have the same colours, whatever their order. */
export function colours(residences: readonly Placed[]): Map<string, string> {
  const out = new Map<string, string>();
  const done: { at: [number, number]; colour: number }[] = [];
  for (const r of [...residences].sort((a, b) => (a.code < b.code ? -1 : 1))) {
    const at = middle(r.adresses);
    const away = (p: [number, number]): number => (p[0] - at[0]) ** 2 * 0.5 + (p[1] - at[1]) ** 2;
    const near = done.map((d) => ({ colour: d.colour, far: away(d.at) })).sort((a, b) => a.far - b.far).slice(0, NEIGHBOURS);
    // The nearer a neighbour, the more its colour is avoided.
    const cost = PALETTE.map((_, c) => near.reduce((s, n, i) => s + (n.colour === c ? 1 / (i + 1) : 0), 0));
    const colour = cost.indexOf(Math.min(...cost));
    done.push({ at, colour });
    out.set(r.code, PALETTE[colour] ?? PALETTE[0]);
  }
  return out;
}

/** Whether a point lies in an outline (the even-odd rule); the last point joins the first. */
export function inside(outline: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let within = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [outline[i] ?? [0, 0], outline[j] ?? [0, 0]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}
