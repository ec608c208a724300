// A browser on the running server, and what the tests share: where a place is on the screen, what a file says.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after } from 'node:test';
import { chromium, type Browser, type BrowserContext, type Download, type Page, type Request } from 'playwright-core';

export const BASE_URL = process.env['BASE_URL'] ?? 'http://127.0.0.1:8080';
/** Without another wish, tests ask as the agent who sees the whole territory. */
const AGENT: Record<string, string> = process.env['MOSAIQUE_TOKEN'] ? { authorization: `Bearer ${process.env['MOSAIQUE_TOKEN']}` } : {};
const FLAGS = [
  '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // Maps are drawn by a program in the place of a graphics card; the rest of a page is drawn and put together faster without it.
  '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-gpu-rasterization', '--disable-gpu-compositing',
];

export interface Session {
  page: Page;
  /** Faults seen by the browser: exceptions, console errors, requests to any other host. */
  faults: string[];
  close: () => Promise<void>;
}

/** One browser for all that a file opens, each with a profile of its own: starting it takes longer than many a test. */
let browser: Promise<Browser> | null = null;
after(async () => (await browser)?.close());

/** A fresh window with an empty profile, 1280 × 800; the guided tour was seen, unless it is what is tested. */
export async function open(headers = AGENT, tour = false): Promise<Session> {
  browser ??= chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', headless: true, args: FLAGS });
  const context: BrowserContext = await (await browser).newContext({
    viewport: { width: 1280, height: 800 }, deviceScaleFactor: Number(process.env['E2E_SCALE'] ?? 1), locale: 'fr-FR', reducedMotion: 'reduce', acceptDownloads: true, extraHTTPHeaders: headers,
  });
  if (!tour) {
    await context.addInitScript(() => {
      // The empty page that tests start from has no storage.
      if (location.protocol.startsWith('http')) localStorage.setItem('mosaique.visite', 'faite');
    });
  }
  const page = await context.newPage();
  watch(page);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`));
  page.on('request', (request) => {
    const url = request.url();
    if (/^https?:/.test(url) && !url.startsWith(BASE_URL) && new URL(url).hostname !== '127.0.0.1') faults.push(`outside request: ${url}`);
  });
  page.setDefaultTimeout(20_000);
  return {
    page, faults,
    close: () => context.close(),
  };
}

/** Opens an address of the application and waits for its figures and for the map to be drawn. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(BASE_URL + path);
  // Attached, not visible: the table covers the map.
  await page.locator('.legend').waitFor({ state: 'attached' });
  await page.locator('[role=toolbar]').waitFor({ state: 'attached' });
  await settle(page);
}

/** Goes to a page by its menu in the top bar. */
export async function follow(page: Page, group: string, name: string): Promise<void> {
  const nav = page.getByRole('navigation', { name: 'Pages' });
  await nav.locator('summary', { hasText: group }).click();
  const link = nav.getByRole('link', { name });
  const path = await link.getAttribute('href');
  await link.click();
  // Without it, what is looked for next may be found on the page that is being left.
  await page.waitForURL((url) => url.pathname === path, { waitUntil: 'commit' });
}

/** Keeps what the page looks like with the output of the tests. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, '..', '..', 'test-output', 'captures');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** What a page asked and has no answer to yet, and when it last asked or was answered. */
const traffic = new WeakMap<Page, { open: Set<Request>; last: number }>();

function watch(page: Page): { open: Set<Request>; last: number } {
  const known = traffic.get(page);
  if (known) return known;
  const seen = { open: new Set<Request>(), last: Date.now() };
  const moved = (change: (request: Request) => void) => (request: Request): void => {
    change(request);
    seen.last = Date.now();
  };
  page.on('request', moved((r) => r.resourceType() === 'eventsource' || seen.open.add(r)));
  page.on('requestfinished', moved((r) => seen.open.delete(r)));
  page.on('requestfailed', moved((r) => seen.open.delete(r)));
  traffic.set(page, seen);
  return seen;
}

/**
 * Waits until nothing has been asked of the server for a moment. The end of a request that a page gave up is sometimes not told to us: five
 * seconds without any other are enough then.
 */
export async function quiet(page: Page): Promise<void> {
  const seen = watch(page);
  await page.waitForLoadState('load');
  const begun = Date.now();
  for (const end = begun + 60_000; Date.now() < end; await page.waitForTimeout(50)) {
    const since = Date.now() - Math.max(seen.last, begun);
    // More than the page waits for a hand that types.
    if (since > (seen.open.size === 0 ? 400 : 5_000)) break;
  }
  if (seen.open.size > 0) console.log(`# still open: ${[...seen.open].map((r) => r.url()).join(' ')}`);
}

/** The same, and what came is drawn: by each map of the page, as it says itself, and by the page. */
export async function settle(page: Page): Promise<void> {
  await quiet(page);
  await page.evaluate((patience) => {
    interface Drawing { once: (what: 'idle', then: () => void) => void; triggerRepaint: () => void }
    const maps = [...document.querySelectorAll('.maplibregl-map')].flatMap((e) => (e as Element & { mosaique?: Drawing }).mosaique ?? []);
    const idle = maps.map((map) => new Promise<void>((done) => {
      map.once('idle', () => done());
      map.triggerRepaint();
    }));
    // What it gives back is sent out of the page: nothing, not the events, which hold their whole map.
    return Promise.race([Promise.all(idle), new Promise((done) => setTimeout(done, patience))]).then(() => undefined);
  }, 10_000);
  await drawn(page);
}

/** Tries again until a check passes: what it looks at may still be on its way on a machine at work. */
export async function eventually(check: () => Promise<void>, within = 15_000): Promise<void> {
  for (const end = Date.now() + within; ; ) {
    try {
      return await check();
    } catch (fault) {
      if (Date.now() > end) throw fault;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

/** Waits until the page has been laid out anew and has heard of its window: two frames, since an observer may answer the first. */
export const drawn = (page: Page): Promise<unknown> => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Nothing is wider than the window. */
export const fits = (page: Page, what?: string): Promise<void> =>
  eventually(async () => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what ?? page.url()}: wider than the window`));

/** Measures zones as `/api/mesure` does. */
export const post = <T>(path: string, body: unknown): Promise<T> => send(path, 'application/json', JSON.stringify(body));

export const sendFile = <T>(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<T> => send(path, 'application/octet-stream', bytes);

async function send<T>(path: string, kind: string, body: BodyInit): Promise<T> {
  const answer = await fetch(BASE_URL + path, { method: 'POST', headers: { ...AGENT, 'content-type': kind }, body });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

export async function get<T>(path: string): Promise<T> {
  const answer = await fetch(BASE_URL + path, { headers: AGENT });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Where a place is on the screen, by the Mercator projection of the view that the address holds. */
export async function onScreen(page: Page, lon: number, lat: number): Promise<{ x: number; y: number }> {
  const [zoom = 0, lat0 = 0, lon0 = 0] = new URL(page.url()).hash.slice(1).split('/').map(Number);
  const world = 512 * 2 ** zoom;
  const px = (l: number): number => ((l + 180) / 360) * world;
  const py = (l: number): number => ((1 - Math.asinh(Math.tan((l * Math.PI) / 180)) / Math.PI) / 2) * world;
  const box = await page.locator('.map').boundingBox();
  if (!box) throw new Error('no map on the page');
  return { x: box.x + box.width / 2 + px(lon) - px(lon0), y: box.y + box.height / 2 + py(lat) - py(lat0) };
}

/** The address's view that puts a place at a point of the screen (the map starts at 316, 60 in a 1280 × 800 window). */
export function viewWith(lon: number, lat: number, zoom: number, at: { x: number; y: number }): string {
  const world = 512 * 2 ** zoom;
  const [dx, dy] = [(316 + 1280) / 2 - at.x, (60 + 800) / 2 - at.y];
  const y = (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2 + dy / world;
  return `#${zoom}/${(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI}/${lon + (dx * 360) / world}`;
}

/** A text as its source has it: what is shown has spaces that do not break (`src/lib/typography.ts`). */
export const spaced = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

/** « 12 450,5 € » → 12450.5 */
export function readNumber(text: string): number {
  const digits = /[+−-]?[\d\u00a0\u202f ]+(,\d+)?/.exec(text)?.[0] ?? '';
  return Number(digits.replace(/[\u00a0\u202f ]/g, '').replace('−', '-').replace(',', '.'));
}

export async function contentOf(download: Download): Promise<{ name: string; text: string }> {
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.1 AA in the page as it stands. */
export async function axeFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe;
    // What is well, or not to be told by a program, is not listed: that takes longer than finding it.
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'], preload: false });
    return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
  });
}
