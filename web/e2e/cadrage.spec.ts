// The map's frame: what it is about stands beside its panels at every width, in the colours that the legend says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { shownZone, type Values } from './figures';
import { eventually, get, onScreen, open, picture, readNumber, settle, visit, type Session } from './harness';
import { covers, hex, overlap, pixels, type Box } from './paint';
import { enter, serve, type Server } from './server';

interface Zone { code: string; nom: string; emprise: [number, number, number, number] }
const communes = async (): Promise<Zone[]> => (await get<{ zones: Zone[] }>('/api/zones?echelle=commune')).zones.filter((z) => z.emprise);
const around = (zones: readonly Zone[]): [number, number, number, number] => [
  Math.min(...zones.map((z) => z.emprise[0])), Math.min(...zones.map((z) => z.emprise[1])), Math.max(...zones.map((z) => z.emprise[2])), Math.max(...zones.map((z) => z.emprise[3])),
];

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

/** A box of the earth on the screen. */
async function boxOf([west, south, east, north]: readonly [number, number, number, number]): Promise<Box> {
  const [a, b] = [await onScreen(session.page, west, north), await onScreen(session.page, east, south)];
  return { x: a.x, y: a.y, width: b.x - a.x, height: b.y - a.y };
}

/** Whole on the map, and under no panel. */
const assertFree = (of: readonly [number, number, number, number], what: string): Promise<void> => eventually(() => free(of, what));
async function free(of: readonly [number, number, number, number], what: string): Promise<void> {
  const box = await boxOf(of);
  const map = await session.page.locator('.map').boundingBox();
  assert.ok(map);
  const inside = box.x >= map.x - 1 && box.y >= map.y - 1 && box.x + box.width <= map.x + map.width + 1 && box.y + box.height <= map.y + map.height + 1;
  assert.ok(inside, `${what} is cut by the edge: ${JSON.stringify({ box, map })}`);
  for (const cover of await covers(session.page)) {
    // A drawer that takes the whole screen hides the map on purpose.
    if (cover.box.width * cover.box.height > 0.7 * map.width * map.height) continue;
    assert.ok(!overlap(box, cover.box), `${what} lies under ${cover.name}: ${JSON.stringify({ box, cover: cover.box })}`);
  }
}

describe('the first view', () => {
  for (const [width, height] of [[1280, 800], [1920, 1080], [1024, 700]] as const) {
    test(`at ${width} × ${height} shows the whole territory beside the legend and the tools`, async () => {
      const { page } = session;
      await page.setViewportSize({ width, height });
      await visit(page, '/?indicateur=I02&echelle=commune');
      await assertFree(around(await communes()), 'the territory');
      if (width === 1280) await picture(page, 'cadre-1-ouverture');
    });
  }

  test('is fitted again when the window changes, until the map is moved by hand', async () => {
    const { page } = session;
    await page.setViewportSize({ width: 1280, height: 800 });
    await visit(page, '/?indicateur=I02&echelle=commune');
    await page.setViewportSize({ width: 900, height: 640 });
    await settle(page);
    await assertFree(around(await communes()), 'the territory');
    await page.setViewportSize({ width: 1280, height: 800 });
    await settle(page);
    await assertFree(around(await communes()), 'the territory');
  });

  test('of a link to a zone leaves it beside its sheet', async () => {
    const { page } = session;
    for (const zone of (await communes()).slice(0, 3)) {
      await visit(page, `/?indicateur=I02&echelle=commune&zone=commune:${zone.code}`);
      await page.locator('.fiche .cover').waitFor();
      await settle(page);
      await assertFree(zone.emprise, zone.nom);
    }
    await picture(page, 'cadre-2-lien');
  });

  test('a zone of a link with a view that would hide it is brought beside its sheet', async () => {
    const { page } = session;
    const [zone] = await communes();
    assert.ok(zone);
    // In the upper right corner: under the sheet.
    const [west, south, east, north] = zone.emprise;
    await visit(page, `/?indicateur=I02&echelle=commune&zone=commune:${zone.code}#9.6/${south - (north - south)}/${west - (east - west)}`);
    await page.locator('.fiche .cover').waitFor();
    await settle(page);
    await assertFree(zone.emprise, zone.nom);
  });
});

describe('the legend', () => {
  test('has the very colours that are painted', async () => {
    const { page } = session;
    await page.setViewportSize({ width: 1280, height: 800 });
    await visit(page, '/?indicateur=I02&echelle=commune');
    const colours = (await page.locator('.legend ol .swatch').evaluateAll((all) => all.map((e) => getComputedStyle(e).backgroundColor))).map(hex);
    const map = await page.locator('.map').boundingBox();
    assert.ok(map && colours.length >= 3);
    // The map's part right of the legend.
    const found = await pixels(page, { x: map.x + 320, y: map.y + 60, width: map.width - 380, height: map.height - 90 }, colours);
    found.forEach((n, i) => assert.ok(n > 200, `${colours[i]} of the legend is on ${n} pixels of the map`));
  });

  test('folds away by the keyboard and comes back', async () => {
    const { page } = session;
    const button = page.getByRole('button', { name: 'Replier la légende' });
    await button.focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('.legend ol').isVisible(), false);
    assert.ok(await page.locator('.legend h2').isVisible());
    await page.getByRole('button', { name: 'Déplier la légende' }).press('Enter');
    assert.ok(await page.locator('.legend ol').isVisible());
  });

  test('of a change: stable, without value, secret and land are four different things', async () => {
    const { page } = session;
    const waves = (await get<{ millesimes: { vague: number | null }[] }>('/api/catalogue')).millesimes.flatMap((m) => m.vague ?? []).sort();
    assert.ok(waves.length > 1);
    await visit(page, `/?indicateur=I02&echelle=iris&vague2=${waves[0]}`);
    const look = await page.locator('.legend .swatch').evaluateAll((all) => all.map((e) => `${getComputedStyle(e).backgroundColor} ${getComputedStyle(e).backgroundImage}`));
    assert.equal(new Set(look).size, look.length, look.join(' / '));
    await picture(page, 'cadre-3-evolution');
  });
});

describe('counts', () => {
  test('are circles, never areas, unless they are asked', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=P01&echelle=commune');
    await page.locator('.legend .sizes').waitFor();
    assert.equal(await page.locator('.legend ol').count(), 0);
    const values = await get<Values>('/api/valeurs/commune?indicateur=P01');
    assert.equal(readNumber(await page.locator('.legend .sizes .n').innerText()), values.valeurs.filter((v) => v !== null).length);
    await picture(page, 'cadre-4-effectif');
    await page.getByRole('radio', { name: 'Aplats' }).check();
    await page.waitForURL(/symboles=aplats/);
    await page.locator('.legend ol').waitFor();
  });
});

describe('the automatic scale', () => {
  test('stops at the finest that has figures', async () => {
    const { page } = session;
    const zone = await shownZone('iris', 'I02');
    await visit(page, `/?indicateur=I02#15.6/${zone.centre[1]}/${zone.centre[0]}`);
    await settle(page);
    const known = (await page.locator('.legend ol .n').allTextContents()).reduce((sum, text) => sum + readNumber(text), 0);
    const secret = await page.locator('.legend [data-rang=secret] .n').allTextContents();
    const hidden = readNumber(secret[0] ?? '0');
    assert.ok(known >= (known + hidden) / 4, `${known} figures, ${hidden} secrets`);
  });
});

describe('an account', () => {
  let on: Server;
  before(async () => void (on = await serve()));
  after(() => on.stop());

  test('opens on its own territory, which is the named reference', async () => {
    const own = await open({});
    try {
      await enter(own.page, on, 'epci');
      const mine = await own.page.evaluate(async () => (await (await fetch('/api/organisation')).json()) as { code: string });
      await own.page.goto(`${on.base}/?indicateur=I02`);
      await own.page.locator('.legend .ref').waitFor();
      await settle(own.page);
      const zones = await own.page.evaluate(async () => (await (await fetch('/api/zones?echelle=epci')).json()) as { zones: { code: string; nom: string }[] });
      const name = zones.zones.find((z) => z.code === mine.code)?.nom ?? '?';
      if (zones.zones.length > 1) assert.match(own.page.url(), new RegExp(`dans=epci:${mine.code}`));
      assert.ok((await own.page.locator('.legend .ref').innerText()).includes(name));
      assert.ok((await own.page.locator('.legend .place').innerText()).includes(name));
      assert.ok((await own.page.title()).includes(name));
      await picture(own.page, 'cadre-5-compte');
      assert.deepEqual(own.faults, []);
    } finally {
      await own.close();
    }
  });
});

test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
