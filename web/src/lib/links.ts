// One's own zones inside a link: outlines as differences of whole numbers, short enough to be mailed. They stand after the « # »,
// which browsers never send: no server, and no journal on the way, reads what somebody drew.
import type { Position } from 'geojson';
import type { Saved } from './kept';
import type { Area } from './zones';

/** Longest text of zones in a link; larger ones go by a shared set. Mail programs break addresses of some thousand characters. */
export const MOST_CHARACTERS = 3000;
/** A tenth of a metre: no address changes sides. */
const UNIT = 1e6;

class Writer {
  readonly #bytes: number[] = [];
  /** Any whole number: small ones take a byte. */
  put(value: number): void {
    let n = value < 0 ? -2 * value - 1 : 2 * value;
    while (n >= 128) {
      this.#bytes.push((n % 128) + 128);
      n = Math.floor(n / 128);
    }
    this.#bytes.push(n);
  }
  text(): string {
    return btoa(String.fromCharCode(...this.#bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(text: string) {
    this.#bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  }
  get(): number {
    let [n, factor] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('the link is cut');
      n += (byte % 128) * factor;
      if (byte < 128) break;
      factor *= 128;
    }
    return n % 2 === 1 ? -(n + 1) / 2 : n / 2;
  }
  /** A count of things that must still be there. */
  count(): number {
    const n = this.get();
    if (n < 0 || n > this.#bytes.length) throw new Error('the link is cut');
    return n;
  }
}

function writeArea(area: Area): string {
  const out = new Writer();
  const polygons = area.type === 'Polygon' ? [area.coordinates] : area.coordinates;
  let [x, y] = [0, 0];
  out.put(polygons.length);
  for (const rings of polygons) {
    out.put(rings.length);
    for (const ring of rings) {
      const open = ring.slice(0, -1);
      out.put(open.length);
      for (const [lon = 0, lat = 0] of open) {
        const [i, j] = [Math.round(lon * UNIT), Math.round(lat * UNIT)];
        out.put(i - x);
        out.put(j - y);
        [x, y] = [i, j];
      }
    }
  }
  return out.text();
}

function readArea(text: string): Area {
  const from = new Reader(text);
  let [x, y] = [0, 0];
  const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);
  const ring = (): Position[] => {
    const points = times(from.count(), (): Position => {
      x += from.get();
      y += from.get();
      return [x / UNIT, y / UNIT];
    });
    const [first] = points;
    if (!first || points.length < 3) throw new Error('an outline has three corners');
    return [...points, [...first]];
  };
  const polygons = times(from.count(), () => times(from.count(), ring));
  const [only] = polygons;
  if (!only) throw new Error('a zone has an outline');
  return polygons.length === 1 ? { type: 'Polygon', coordinates: only } : { type: 'MultiPolygon', coordinates: polygons };
}

/** `name!outline` or `name*scale:code+scale:code`, one after the other. */
export function writeZones(zones: readonly Saved[]): string {
  return zones
    .map(({ nom, geometrie, codes }) => {
      const name = encodeURIComponent(nom).replace(/[!*'()~]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
      return geometrie ? `${name}!${writeArea(geometrie)}` : `${name}*${(codes ?? []).map((c) => `${c.echelle}:${encodeURIComponent(c.code).replaceAll('*', '%2a').replaceAll('~', '%7e')}`).join('+')}`;
    })
    .join('~');
}

/** Zones of a link; those that can't be read are left out. */
export function readZones(text: string): Saved[] {
  return text.split('~').flatMap((part): Saved[] => {
    try {
      const [, name = '', kind, body = ''] = /^([^!*]*)([!*])(.+)$/.exec(part) ?? [];
      const nom = decodeURIComponent(name).slice(0, 80) || 'Zone';
      if (kind === '!') return [{ nom, geometrie: readArea(body) }];
      const codes = body.split('+').map((c) => ({ echelle: c.slice(0, c.indexOf(':')), code: decodeURIComponent(c.slice(c.indexOf(':') + 1)) }));
      return kind === '*' && codes.every((c) => c.echelle !== '' && c.code !== '') ? [{ nom, codes }] : [];
    } catch {
      return [];
    }
  });
}

/** The address of a page with zones, or with a set that holds them, after its view. */
export const withZones = (href: string, zones: string): string => `${href}${href.includes('#') ? '&' : '#'}zones=${zones}`;
export const withSet = (href: string, set: string): string => `${href}${href.includes('#') ? '&' : '#'}ensemble=${encodeURIComponent(set)}`;

/** What a link brings besides its view. */
export function broughtBy(hash: string): { zones: Saved[]; set: string | null } {
  const part = (name: string): string | null => new RegExp(`[#&]${name}=([^&]*)`).exec(hash)?.[1] ?? null;
  const set = part('ensemble');
  return { zones: readZones(part('zones') ?? '').slice(0, 200), set: set && decodeURIComponent(set) };
}

/** Zones that are not among others, by what they cover. */
export function notAmong(zones: readonly Saved[], others: readonly Saved[]): Saved[] {
  const key = ({ geometrie, codes }: Saved): string => (geometrie ? writeArea(geometrie) : JSON.stringify(codes));
  const known = new Set(others.map(key));
  return zones.filter((z) => !known.has(key(z)));
}
