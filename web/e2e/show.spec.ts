// Showing the map: full screen, paper, other sites, other base maps.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer as createHttp, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { BASE_URL, axeFaults, eventually, open, picture, settle, spaced, visit, type Session } from './harness';
import { serve, type Server as Own } from './server';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

describe('in front of others', () => {
  test('P shows the map in large type without its tools, Escape brings them back', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I02&echelle=commune');
    const size = () => page.locator('.legend h2').evaluate((e) => parseFloat(getComputedStyle(e).fontSize));
    const small = await size();
    await page.keyboard.press('p');
    await page.locator('.presenting').waitFor();
    await page.getByRole('heading', { level: 1, name: 'Ménages sous 40 % des plafonds PLUS' }).waitFor();
    await settle(page);
    assert.ok((await size()) > small * 1.1);
    assert.equal(await page.locator('header, aside, [role=toolbar]').filter({ visible: true }).count(), 0);
    const box = await page.locator('.map').boundingBox();
    assert.deepEqual([box?.width, box?.height], [1280, 800]);
    await picture(page, 'montrer-1-presentation');
    assert.deepEqual(await axeFaults(page), []);
    await page.keyboard.press('Escape');
    await page.locator('.presenting').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Montrer' }).waitFor();
  });

  test('typing a p in a search does not start it', async () => {
    const { page } = session;
    await page.getByRole('button', { name: /Changer d’indicateur/ }).click();
    await page.getByRole('searchbox', { name: 'Rechercher un indicateur' }).press('p');
    assert.equal(await page.locator('.presenting').count(), 0);
    await page.keyboard.press('Escape');
  });

  test('paper has the map, the legend, a table, the source and the secrecy note, and nothing else', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I02&echelle=commune');
    await page.evaluate(() => void ((window as unknown as { print: () => void }).print = () => document.body.setAttribute('data-imprime', 'oui')));
    await page.getByRole('button', { name: 'Montrer' }).click();
    await page.getByRole('button', { name: 'Imprimer la carte' }).click();
    await page.locator('[data-imprime=oui]').waitFor();
    assert.equal(await page.locator('.sheet').isVisible(), false, 'not on the screen');
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 1047, height: 720 });
    const sheet = page.locator('.sheet');
    assert.equal(await page.locator('.app').isVisible(), false);
    assert.ok(await sheet.isVisible());
    const text = spaced(await sheet.innerText());
    for (const part of ['Ménages sous 40 % des plafonds PLUS', 'Source : OPS', 'Secret statistique', 'Définition']) assert.ok(text.includes(part), part);
    const screen = await page.locator('.stage .legend ol .range').allTextContents();
    assert.deepEqual(await sheet.locator('.legend ol .range').allTextContents(), screen);
    const image = await sheet.locator('img').evaluate((i) => ({ w: (i as HTMLImageElement).naturalWidth, n: (i as HTMLImageElement).src.length }));
    assert.ok(image.w > 500 && image.n > 30_000, `${image.w} pixels, ${image.n} characters`);
    await picture(page, 'montrer-2-papier');
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(/\/Count (\d+)/.exec(pdf.toString('latin1'))?.[1], '1', 'one page');
    assert.match(pdf.toString('latin1'), /\/MediaBox \[0 0 84[12]/, 'A4, landscape');
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 1280, height: 800 });
    await sheet.waitFor({ state: 'detached' });
  });

  test('a portrait without a zone says what to do', async () => {
    const { page } = session;
    await page.goto(`${BASE_URL}/portrait`);
    await page.getByRole('alert').filter({ hasText: 'ouvrez une zone' }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});

/** A tile of 256 grey pixels a side, as PNG. */
function tile(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(256, 0);
  head.writeUInt32BE(256, 4);
  head[8] = 8;
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(256, 120)]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: 256 }, () => row)));
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

/** A PMTiles file (version 3, nothing compressed) that holds one tile, the world's. */
function archive(type: number, bytes: Buffer): Buffer {
  const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
  // Entries: one tile, of id 0, run 1, this length, at the start of the data.
  const directory = Buffer.from([1, 0, 1, ...varint(bytes.length), 1]);
  const metadata = Buffer.from('{}');
  const head = Buffer.alloc(127);
  head.write('PMTiles');
  head[7] = 3;
  const sections = [127, directory.length, 127 + directory.length, metadata.length, 0, 0, 127 + directory.length + metadata.length, bytes.length, 1, 1, 1];
  sections.forEach((n, i) => head.writeBigUInt64LE(BigInt(n), 8 + 8 * i));
  head.set([1, 1, 1, type, 0, 0], 96);
  [-180, -85, 180, 85].forEach((degrees, i) => head.writeInt32LE(degrees * 1e7, 102 + 4 * i));
  return Buffer.concat([head, directory, metadata, bytes]);
}

/** Checksum of a chunk of a PNG. */
function crc32(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

describe('with a base map and a site that embeds', () => {
  let on: Own;
  let visitor: Session;
  let tiles: Server;
  let host: Server;
  const seen: string[] = [];
  const ranges: string[] = [];
  let site = '';
  const listen = (server: Server): Promise<number> => new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));

  before(async () => {
    const archives: Record<string, Buffer> = { '/ortho.pmtiles': archive(2, tile()), '/plan.pmtiles': archive(1, Buffer.from([0])) };
    tiles = createHttp((request, response) => {
      const file = archives[request.url ?? ''];
      if (file) {
        const [from = 0, to = 0] = (/bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []).slice(1).map(Number);
        ranges.push(request.url ?? '');
        response.writeHead(206, { 'content-range': `bytes ${from}-${Math.min(to, file.length - 1)}/${file.length}`, 'access-control-allow-origin': '*' }).end(file.subarray(from, to + 1));
        return;
      }
      seen.push(request.url ?? '');
      response.writeHead(200, { 'content-type': 'image/png', 'access-control-allow-origin': '*' }).end(tile());
    });
    let frame = '';
    host = createHttp((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>site</title><iframe src="${frame}" width="900" height="600"></iframe>`));
    const [at, port] = [await listen(tiles), await listen(host)];
    site = `http://127.0.0.1:${port}`;
    on = await serve({ args: ['--fond', `Essai=http://127.0.0.1:${at}/{z}/{x}/{y}.png`, '--fond', `Ortho=http://127.0.0.1:${at}/ortho.pmtiles`, '--fond', `Vecteurs=http://127.0.0.1:${at}/plan.pmtiles`, '--integrer', site] });
    visitor = await open({});
    frame = `${on.base}/integre?indicateur=P10&echelle=commune`;
  });
  after(async () => {
    await visitor.close();
    on.stop();
    tiles.close();
    host.close();
  });

  test('the page offers the base map, asks only its host for tiles, and goes back', async () => {
    const { page } = visitor;
    await page.goto(`${on.base}/?indicateur=P10&echelle=commune`);
    await settle(page);
    await page.getByLabel('Fond').selectOption({ label: 'Essai' });
    await eventually(async () => assert.ok(seen.length > 0, 'no tile was asked'));
    await settle(page);
    assert.ok(seen.length > 0 && seen.every((u) => /^\/\d+\/\d+\/\d+\.png$/.test(u)), seen.join());
    await page.locator('.maplibregl-ctrl-attrib', { hasText: 'Essai' }).waitFor();
    assert.equal(await page.getByText('n’a pas pu être chargée').count(), 0);
    await picture(page, 'montrer-3-fond');
    assert.deepEqual(await axeFaults(page), []);
    await page.getByLabel('Fond').selectOption('');
    await page.locator('.maplibregl-ctrl-attrib', { hasText: 'Essai' }).waitFor({ state: 'detached' });
  });

  test('a PMTiles file of images is a base map too; one of vectors says why it is none', async () => {
    const { page } = visitor;
    await page.getByLabel('Fond').selectOption({ label: 'Ortho' });
    await page.locator('.maplibregl-ctrl-attrib', { hasText: 'Ortho' }).waitFor();
    await settle(page);
    // Its header with the directory, then its only tile.
    assert.ok(ranges.filter((u) => u === '/ortho.pmtiles').length >= 1, ranges.join());
    assert.equal(await page.getByText('n’a pas pu être chargée').count(), 0);
    await picture(page, 'montrer-4-pmtiles');
    await page.getByLabel('Fond').selectOption({ label: 'Vecteurs' });
    await page.getByRole('alert').filter({ hasText: 'ne contient pas d’images' }).waitFor();
    assert.equal(await page.getByLabel('Fond').inputValue(), '');
  });

  test('without one, there is no choice', async () => {
    const { page } = session;
    await visit(page, '/');
    assert.equal(await page.locator('label > span', { hasText: /^Fond$/ }).count(), 0);
  });

  test('the named site shows the read-only map, and no other page', async () => {
    const { page } = visitor;
    await page.goto(site);
    const frame = page.frameLocator('iframe');
    await frame.locator('.legend').waitFor();
    await frame.getByRole('link', { name: 'Ouvrir dans mosaïque' }).waitFor();
    assert.equal(await frame.locator('[role=toolbar], aside').count(), 0);
    await settle(page);
    await picture(page, 'montrer-4-integre');
    const policy = async (base: string, path: string): Promise<{ ancestors: string; frame: string | null }> => {
      const { headers } = await fetch(base + path);
      return { ancestors: /frame-ancestors [^;]+/.exec(headers.get('content-security-policy') ?? '')?.[0] ?? '', frame: headers.get('x-frame-options') };
    };
    assert.deepEqual(await policy(on.base, '/integre?x=1'), { ancestors: `frame-ancestors ${site}`, frame: null });
    assert.deepEqual(await policy(on.base, '/'), { ancestors: "frame-ancestors 'none'", frame: 'DENY' });
    assert.deepEqual(await policy(BASE_URL, '/integre'), { ancestors: "frame-ancestors 'none'", frame: 'DENY' });
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(visitor.faults, []));
});
