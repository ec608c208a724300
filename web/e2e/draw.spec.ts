// A user's own zones: figures follow the pen, and what is exported is what was drawn.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { figureOf, shownZone, type Catalogue, type Measure } from './figures';
import { axeFaults, contentOf, get, onScreen, open, picture, post, readNumber, sendFile, settle, viewWith, visit, type Session } from './harness';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

async function measure(geometrie: unknown): Promise<Measure> {
  const asked = { zones: [{ id: 'z', nom: 'z', geometrie }], population: 'TOUS', generation: '2024', filtres: {} };
  const [first] = (await post<{ mesures: Measure[] }>('/api/mesure', asked)).mesures;
  assert.ok(first, 'the interface measures the zone');
  return first;
}

/** Draws a rectangle around a zone that has figures; the map stands so that it is all on screen. */
async function drawAround(): Promise<void> {
  const { page } = session;
  const { centre } = await shownZone('commune', 'I01');
  // Left of the panel of figures, right of the legend.
  const { x, y } = { x: 745, y: 320 };
  await visit(page, `/?indicateur=I01&echelle=commune${viewWith(...centre, 11, { x, y })}`);
  const seen = await onScreen(page, ...centre);
  assert.ok(Math.hypot(seen.x - x, seen.y - y) < 3, 'the zone is where it is drawn around');
  await page.getByRole('button', { name: 'Rectangle' }).click();
  await page.locator('[role=toolbar] [aria-pressed=true]').waitFor();
  await page.mouse.click(x - 95, y - 150);
  for (const step of [0.3, 0.6, 1]) {
    await page.mouse.move(x - 95 + 190 * step, y - 150 + 300 * step, { steps: 4 });
    await page.waitForTimeout(150);
  }
  // The figures are there before the zone is finished: they follow the pen.
  await page.getByTestId('valeur').waitFor();
  await page.mouse.click(x + 95, y + 150);
  await page.getByRole('button', { name: 'Modifier un contour', pressed: true }).waitFor();
  await settle(page);
}

describe('a drawn zone', () => {
  test('has figures while it is drawn, and exports as CSV and GeoJSON what it shows', async () => {
    const { page } = session;
    await drawAround();
    await page.getByRole('textbox', { name: 'Nom de la zone' }).first().fill('Périmètre d’été');
    await page.keyboard.press('Tab');
    const shown = readNumber(await page.getByTestId('valeur').innerText());

    const [geo] = await Promise.all([page.waitForEvent('download'), page.locator('.fiche footer').getByRole('button', { name: 'GeoJSON' }).click()]);
    const { name, text } = await contentOf(geo);
    assert.match(name, /^mosaique_perimetre-d-ete_ops-\d{4}\.geojson$/);
    const [feature] = (JSON.parse(text) as { features: { properties: Record<string, unknown>; geometry: { type: string; coordinates: unknown } }[] }).features;
    assert.ok(feature);
    assert.equal(feature.properties['nom'], 'Périmètre d’été');
    const independent = await measure(feature.geometry);
    const figure = figureOf(independent, 'I01');
    assert.equal(shown, Number(figure.valeur?.toFixed(figure.decimales)));
    assert.equal(feature.properties['logements'], independent.couverture.logements);

    const [sheet] = await Promise.all([page.waitForEvent('download'), page.locator('.fiche footer').getByRole('button', { name: 'CSV' }).click()]);
    const csv = await contentOf(sheet);
    assert.match(csv.name, /^mosaique_perimetre-d-ete_ops-\d{4}_chiffres\.csv$/);
    assert.ok(csv.text.startsWith('\ufeffzone;indicateur;libelle;valeur;'));
    const lines = csv.text.trim().split('\r\n');
    assert.equal(lines.length, 1 + independent.chiffres.length);
    const row = lines.find((l) => l.startsWith('Périmètre d’été;I01;'))?.split(';');
    assert.equal(row?.[3], figure.valeur?.toFixed(figure.decimales).replace('.', ','));
    await page.getByRole('button', { name: 'Montrer' }).click();
    assert.equal(await page.getByRole('link', { name: 'Portrait de la zone' }).getAttribute('href'), '/portrait?zone=0');
    await page.keyboard.press('Escape');
  });

  test('goes away when undone and comes back when redone', async () => {
    const { page } = session;
    await page.keyboard.press('Escape');
    const mine = page.getByRole('button', { name: /^Mes zones/ });
    await mine.waitFor();
    await page.getByRole('button', { name: 'Annuler' }).click();
    await mine.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Rétablir' }).click();
    await mine.waitFor();
  });

  test('has its portrait, with the figures of the interface beside those of its commune', async () => {
    const { page } = session;
    const map = page.url();
    await page.goto(`${new URL(map).origin}/portrait?zone=0`);
    await page.locator('.paper h1', { hasText: 'Périmètre d’été' }).waitFor();
    await settle(page);
    const [zone] = await page.evaluate(() => JSON.parse(localStorage.getItem('mosaique.zones') ?? '[]') as { geometrie: unknown }[]);
    const here = figureOf(await measure(zone?.geometrie), 'I02');
    const row = page.locator('.paper tr', { hasText: 'Ménages sous 40 % des plafonds PLUS' }).first();
    assert.equal(readNumber(await row.locator('td').first().innerText()), Number(here.valeur?.toFixed(Math.min(1, here.decimales))));
    assert.ok((await row.locator('td').count()) > 1);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'dessin-portrait');
    await page.goto(`${new URL(map).origin}/portrait?zone=9`);
    await page.getByRole('alert').filter({ hasText: 'plus parmi les vôtres' }).waitFor();
    await page.goto(map);
  });

  test('is still there after the page is reloaded, and goes away when it is deleted', async () => {
    const { page } = session;
    await page.reload();
    const mine = page.getByRole('button', { name: /^Mes zones/ });
    await mine.click();
    assert.equal(await page.getByRole('textbox', { name: /^Nom de la zone/ }).first().inputValue(), 'Périmètre d’été');
    await page.getByRole('button', { name: 'Tout supprimer' }).click();
    await mine.waitFor({ state: 'detached' });
  });
});

describe('imported zones', () => {
  const file = (name: string, data: unknown) => ({ name, mimeType: 'application/geo+json', buffer: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)) });

  test('stand side by side in a table with the figures of the interface', async () => {
    const { page } = session;
    const [west, south, east, north] = (await get<Catalogue>('/api/catalogue')).emprise;
    const middle = (west + east) / 2;
    const box = (w: number, e: number) => ({ type: 'Polygon', coordinates: [[[w, south], [e, south], [e, north], [w, north], [w, south]]] });
    const halves = { Ouest: box(west, middle), Est: box(middle, east) };
    await visit(page, '/?indicateur=I01&echelle=commune');
    await page.locator('input[type=file]').setInputFiles(file('moities.geojson', { type: 'FeatureCollection', features: Object.entries(halves).map(([nom, geometry]) => ({ type: 'Feature', properties: { nom }, geometry })) }));
    await page.locator('.drawer').waitFor();
    await settle(page);
    const cells = page.locator('.drawer tbody tr').first().locator('td');
    const said = await Promise.all(Object.values(halves).map(measure));
    assert.deepEqual((await cells.allInnerTexts()).map(readNumber), said.map((m) => m.couverture.logements));
  });

  test('erased all at once come back; in a territory, what lies outside of them has a column', async () => {
    const { page } = session;
    await page.getByRole('button', { name: 'Tout supprimer' }).click();
    await page.locator('.drawer').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Les rétablir' }).click();
    await page.locator('.drawer thead input').nth(1).waitFor();
    const names = await page.locator('.drawer thead input').evaluateAll((list) => list.map((input) => (input as HTMLInputElement).value));
    assert.deepEqual(names, ['Ouest', 'Est']);

    // A quarter of a commune's box is a zone; the rest of the commune is what the interface says it is.
    const { code, emprise: [w, s, e, n] } = await shownZone('commune', 'I01');
    const corner = { type: 'Polygon', coordinates: [[[w, s], [(w + e) / 2, s], [(w + e) / 2, (s + n) / 2], [w, (s + n) / 2], [w, s]]] };
    const huge = { type: 'Polygon', coordinates: [[[0, 43], [5, 43], [5, 48], [0, 48], [0, 43]]] };
    await page.getByRole('button', { name: 'Tout supprimer' }).click();
    await visit(page, `/?indicateur=I01&echelle=iris&dans=commune:${code}`);
    await page.locator('input[type=file]').setInputFiles(file('coin.geojson', { type: 'FeatureCollection', features: [['Coin', corner], ['Démesurée', huge]].map(([nom, geometry]) => ({ type: 'Feature', properties: { nom }, geometry })) }));
    await page.locator('.drawer .rest').waitFor();
    await settle(page);
    const asked = { zones: [{ id: 'z', geometrie: corner }], territoire: { echelle: 'commune', code }, population: 'TOUS', generation: '2024' };
    const { mesures: [zone], reste } = await post<{ mesures: Measure[]; reste: Measure }>('/api/mesure', asked);
    const cells = (await page.locator('.drawer tbody tr').first().locator('td').allInnerTexts()).map(readNumber);
    assert.deepEqual([cells[0], cells[2]], [zone?.couverture.logements, reste.couverture.logements]);
    // One zone that cannot be measured says why, and keeps the others' figures.
    await page.locator('.drawer .note', { hasText: 'Démesurée' }).filter({ hasText: 'km²' }).waitFor();
    await picture(page, 'zones-hors-zones');
    assert.deepEqual(await axeFaults(page), []);
    const [csv] = await Promise.all([page.waitForEvent('download'), page.locator('.drawer header').getByRole('button', { name: 'CSV' }).click()]);
    assert.match((await contentOf(csv)).text, /\r\n"?Hors zones, /);
  });

  test('come from a zipped Shapefile in Lambert-93 under the names of its attribute, with the same figures as from GeoJSON', async () => {
    const { page } = session;
    await page.getByRole('button', { name: 'Tout supprimer' }).click();
    await visit(page, '/?indicateur=I01&echelle=commune');
    // Three made-up QPV in two Shapefiles.
    const zip = readFileSync(join(import.meta.dirname, '..', '..', 'tests', 'fixtures', 'zones', 'qpv_deux_couches.zip'));
    const read = await sendFile<{ zones: { nom: string; geometrie: unknown }[] }>('/api/zones/fichier?fichier=qpv.zip', zip);
    await page.locator('input[type=file]').setInputFiles({ name: 'qpv.zip', mimeType: 'application/zip', buffer: zip });
    await page.locator('.drawer').waitFor();
    await settle(page);
    const names = await page.locator('.drawer thead input').evaluateAll((list) => list.map((input) => (input as HTMLInputElement).value));
    assert.deepEqual(names, read.zones.map((z) => z.nom));
    assert.ok(names.length > 1 && names.every((n) => !n.startsWith('qpv')), names.join());
    const cells = page.locator('.drawer tbody tr').first().locator('td');
    const said = await Promise.all(read.zones.map((z) => measure(z.geometrie)));
    assert.deepEqual((await cells.allInnerTexts()).map(readNumber), said.map((m) => m.couverture.logements));
    await picture(page, 'zones-fichier-shapefile');
  });

  test('that are left out are said by feature and rule, and a file of no use by its name', async () => {
    const { page } = session;
    const point = { type: 'Feature', properties: { nom: 'Mairie' }, geometry: { type: 'Point', coordinates: [5.8, 45.5] } };
    const { centre: [x, y] } = await shownZone('commune', 'I01');
    const box = { type: 'Polygon', coordinates: [[[x, y], [x + 0.01, y], [x + 0.01, y + 0.01], [x, y]]] };
    await page.locator('input[type=file]').setInputFiles(file('melange.geojson', { type: 'FeatureCollection', features: [point, { type: 'Feature', properties: { nom: 'Coin' }, geometry: box }] }));
    await page.getByRole('status').filter({ hasText: /Entité 1\s: .*règle Z03/ }).waitFor();
    await page.locator('.drawer thead input').last().waitFor();
    await picture(page, 'zones-fichier-constats');
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: 'Fermer' }).last().click();
    await page.locator('input[type=file]').setInputFiles(file('table.dbf', 'x'));
    await page.getByRole('alert').filter({ hasText: '« table.dbf »' }).waitFor();
    // The browser tells a refusal in its console; that one is meant.
    session.faults.splice(0, session.faults.length, ...session.faults.filter((f) => !f.includes('400')));
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});
