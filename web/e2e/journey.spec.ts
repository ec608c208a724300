// What a chargé de mission does in a morning (domain §3.2), from sign-in to export: each figure is that of the interface.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { figureOf, type ListedZone, type Measure, type Values } from './figures';
import { axeFaults, contentOf, onScreen, open, picture, readNumber, settle, viewWith, type Session } from './harness';
import { serve, signIn, type Server } from './server';

let on: Server;
let session: Session;
let token = '';
before(async () => {
  on = await serve();
  token = on.token('dreal@demonstration.example');
  session = await open({});
});
after(async () => {
  await session.close();
  on.stop();
});

async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(on.base + path, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as T;
}
/** A commune whose recent movers may be shown. */
async function shown(): Promise<ListedZone> {
  const [values, list] = await Promise.all([ask<Values>('/api/valeurs/commune?indicateur=I02&population=RECENTS'), ask<{ zones: ListedZone[] }>('/api/zones?echelle=commune')]);
  const zone = list.zones.find((z) => values.valeurs[values.codes.indexOf(z.code)] != null && !values.secret[values.codes.indexOf(z.code)]);
  assert.ok(zone);
  return zone;
}
const faults = async (): Promise<void> => assert.deepEqual(await axeFaults(session.page), []);

describe('a morning with the map', () => {
  test('1–3: signs in, chooses indicator, population and scale', async () => {
    const { page } = session;
    await signIn(page, on, 'dreal', '/');
    // A new password ends the tokens of before.
    token = on.token('dreal@demonstration.example');
    await page.getByRole('button', { name: /Changer d’indicateur/ }).click();
    await page.getByRole('searchbox', { name: 'Rechercher un indicateur' }).fill('sous 40');
    await page.getByRole('button', { name: /^Ménages sous 40 % des plafonds PLUS/ }).click();
    await page.getByRole('radio', { name: 'Emménagés récents' }).check();
    await page.getByLabel('Échelle').selectOption('commune');
    await page.locator('.legend .sub', { hasText: 'Emménagés récents, par commune' }).waitFor();
    assert.match(page.url(), /indicateur=I02&population=RECENTS&echelle=commune/);
    await settle(page);
    await picture(page, 'parcours-1-carte');
    await faults();
  });

  test('4: opens a commune, whose figures are those of the interface', async () => {
    const { page } = session;
    const zone = await shown();
    await page.goto(`${on.base}/?indicateur=I02&population=RECENTS&echelle=commune#12/${zone.centre[1]}/${zone.centre[0]}`);
    await page.reload();
    await settle(page);
    const { x, y } = await onScreen(page, ...zone.centre);
    await page.mouse.click(x, y);
    await page.locator('.fiche h2', { hasText: zone.nom }).waitFor();
    const figure = figureOf(await ask<Measure>(`/api/zones/commune/${zone.code}?population=RECENTS`), 'I02');
    assert.equal(readNumber(await page.getByTestId('valeur').innerText()), Number(figure.valeur?.toFixed(figure.decimales)));
    await settle(page);
    await picture(page, 'parcours-2-fiche');
    await faults();
  });

  test('5: filters by financing, on the screen as in the interface', async () => {
    const { page } = session;
    const before = await page.getByTestId('valeur').innerText();
    await page.locator('.filters summary', { hasText: 'Financement' }).click();
    await page.getByRole('checkbox', { name: /^PLAI/ }).check();
    await page.waitForURL(/f\.financement=PLAI/);
    await settle(page);
    const code = /zone=commune:(\w+)/.exec(page.url())?.[1];
    const measure = await ask<Measure>(`/api/zones/commune/${code}?population=RECENTS&financement=PLAI`);
    const figure = figureOf(measure, 'I02');
    const [text] = await page.locator('.fiche .headline .big').allInnerTexts();
    assert.ok(text && (figure.secret ? /secret/.test(text) : readNumber(text) === Number(figure.valeur?.toFixed(figure.decimales))), `${before} → ${text}`);
    await page.getByRole('button', { name: 'Tout effacer' }).click();
    await settle(page);
  });

  test('6: exports the sheet as CSV, the map as PNG and SVG with legend, source and secrecy note', async () => {
    const { page } = session;
    const [sheet] = await Promise.all([page.waitForEvent('download'), page.locator('.fiche footer').getByRole('button', { name: 'CSV' }).click()]);
    assert.match((await contentOf(sheet)).text, /;I02;/);
    const save = async (name: string): Promise<{ name: string; bytes: Buffer }> => {
      await page.getByRole('button', { name: 'Montrer' }).click();
      // Drawn anew, by a processor where there is no graphics card.
      const [file] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), page.getByRole('button', { name }).click()]);
      return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
    };
    const png = await save('Image PNG');
    assert.match(png.name, /^mosaique_menages-sous-40-des-plafonds-plus_[\w-]+_commune_ops-\d{4}\.png$/);
    assert.deepEqual([...png.bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
    assert.equal(png.bytes.readUInt32BE(16), 3200, 'two pixels for each unit of the plate');
    const svg = await save('Image SVG');
    const text = svg.bytes.toString('utf8');
    for (const part of ['Ménages sous 40 % des plafonds PLUS', 'Emménagés récents, par commune', 'Source : OPS', 'Secret statistique', 'quartier prioritaire 2024']) assert.ok(text.includes(part), part);
    // The map is in it as paths: every commune on screen, in the colours of the legend.
    const fills = /<g id="zones-fond">(.*?)<g id=/s.exec(text)?.[1] ?? '';
    const painted = [...fills.matchAll(/data-code="(\w+)" d="M[^"]+" fill-rule="evenodd" fill="([^"]+)"/g)];
    assert.ok(new Set(painted.map((m) => m[1])).size > 10, `${painted.length} areas`);
    const swatches = await page.locator('.legend .swatch').evaluateAll((all) => all.map((s) => getComputedStyle(s).backgroundColor.replace(/\s/g, '')));
    // The map writes rgba(…,1), the page rgb(…).
    const used = new Set(painted.map((m) => (m[2] ?? '').replace('rgba', 'rgb').replace(/,1\)$/, ')')));
    assert.ok(used.size > 1);
    // Hatched grey is secret, dotted white has no value, what is transparent was not asked.
    for (const colour of used) assert.ok([...swatches, 'rgb(211,214,216)', 'rgb(255,255,255)', 'rgb(0,0,0,0)'].includes(colour), `${colour} is neither in the legend nor that of what is secret or missing: ${swatches.join(' ')}`);
    // A drawing program must find no fault in it; the picture is looked at.
    const viewer = await page.context().newPage();
    await viewer.setViewportSize({ width: 1600, height: 1000 });
    await viewer.setContent(`<body style="margin:0">${text}</body>`);
    assert.equal(await viewer.evaluate((xml) => new DOMParser().parseFromString(xml, 'image/svg+xml').querySelector('parsererror')?.textContent ?? '', text), '');
    await picture(viewer, 'parcours-4-carte-svg');
    await viewer.close();
    const legend = await page.locator('.legend ol .range').allTextContents();
    for (const label of legend) assert.ok(text.includes(label), label);
  });

  test('6: makes the portrait in one click, with the figures of the interface', async () => {
    const { page } = session;
    const code = /zone=commune:(\w+)/.exec(page.url())?.[1];
    await page.getByRole('button', { name: 'Montrer' }).click();
    await page.getByRole('link', { name: 'Portrait de la zone' }).click();
    await page.locator('.paper h1').waitFor();
    await settle(page);
    const measure = await ask<Measure>(`/api/zones/commune/${code}`);
    const here = figureOf(measure, 'I02');
    const row = page.locator('.paper tr', { hasText: 'Ménages sous 40 % des plafonds PLUS' }).first();
    assert.equal(readNumber(await row.locator('td').first().innerText()), Number(here.valeur?.toFixed(Math.min(1, here.decimales))));
    const inside = figureOf(await ask<Measure>(`/api/zones/commune/${code}?qpv=DANS`), 'I02');
    const split = page.locator('.stack table tr', { hasText: 'Ménages sous 40 %' });
    if ((await split.count()) > 0) {
      const text = await split.locator('td').first().innerText();
      assert.ok(inside.secret ? text === 'secret' : readNumber(text) === Number(inside.valeur?.toFixed(Math.min(1, inside.decimales))), text);
    }
    await picture(page, 'parcours-3-portrait');
    await faults();
    const pdf = await page.pdf({ preferCSSPageSize: true });
    const pages = /\/Count (\d+)/.exec(pdf.toString('latin1'))?.[1];
    assert.ok(pages === '1' || pages === '2', `${pages} pages`);
    const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    assert.match((await contentOf(csv)).name, /^mosaique_portrait_/);
    await page.getByRole('link', { name: 'Carte', exact: true }).click();
    await page.locator('.fiche h2').waitFor();
  });

  test('7: draws a zone whose figures follow the pen, and exports it', async () => {
    const { page } = session;
    const zone = await shown();
    const at = { x: 745, y: 320 };
    await page.goto('about:blank');
    await page.goto(`${on.base}/?indicateur=I02&echelle=commune${viewWith(...zone.centre, 11, at)}`);
    await page.locator('[role=toolbar]').waitFor();
    await settle(page);
    await page.getByRole('button', { name: 'Cercle' }).click();
    await page.locator('[role=toolbar] [aria-pressed=true]').waitFor();
    await page.mouse.click(at.x, at.y);
    for (let i = 1; i <= 40; i++) {
      await page.mouse.move(at.x + 2.5 * i, at.y + i);
      await page.waitForTimeout(30);
    }
    await page.getByTestId('valeur').waitFor();
    await page.mouse.click(at.x + 100, at.y + 40);
    await page.getByRole('button', { name: 'Modifier un contour', pressed: true }).waitFor();
    await settle(page);
    // From the move to the answer, as the browser timed each question asked while the pen moved.
    const waits = await page.evaluate(() => performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/api/mesure')).map((e) => e.duration).sort((a, b) => a - b));
    const median = waits[Math.floor(waits.length / 2)] ?? Infinity;
    console.log(`# ${waits.length} measures while drawing, median ${median.toFixed(1)} ms, slowest ${waits.at(-1)?.toFixed(1)} ms`);
    assert.ok(waits.length >= 10, `only ${waits.length} measures: figures do not follow the pen`);
    assert.ok(median < 50, `${median} ms`);
    const [geo] = await Promise.all([page.waitForEvent('download'), page.locator('.fiche footer').getByRole('button', { name: 'GeoJSON' }).click()]);
    const { text } = await contentOf(geo);
    const [feature] = (JSON.parse(text) as { features: { geometry: unknown; properties: { logements: number } }[] }).features;
    const body = JSON.stringify({ zones: [{ geometrie: feature?.geometry }], indicateurs: ['I02'] });
    const answer = await fetch(`${on.base}/api/mesure`, { method: 'POST', body, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
    const [measured] = ((await answer.json()) as { mesures: Measure[] }).mesures;
    assert.equal(feature?.properties.logements, measured?.couverture.logements);
    await picture(page, 'parcours-4-zone');
    await faults();
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});
