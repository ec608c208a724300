// All figures of all zones as one file: from the table of the map and from the page of tables.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { BASE_URL, open, type Session } from './harness';

let session: Session;
before(async () => {
  session = await open();
});
after(() => session.close());

test('the officer of an EPCI takes all figures of all communes away in a workbook', async () => {
  const { page, faults } = session;
  await page.goto(`${BASE_URL}/tableaux`);
  await page.getByText('Tous les chiffres').click();
  const scale = await page.locator('#choix-echelle').inputValue();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Classeur Excel/ }).click()]);
  assert.match(download.suggestedFilename(), new RegExp(`^mosaique_${scale}_.*rpls-\\d{4}.*\\.xlsx$`));
  const bytes = readFileSync(await download.path());
  assert.equal(bytes.subarray(0, 2).toString(), 'PK', 'a workbook is a zip');
  assert.ok(bytes.length > 10_000);
  assert.deepEqual(faults, []);
});

test('the table of the map offers what is shown, with its filters', async () => {
  const { page } = session;
  await page.goto(`${BASE_URL}/?echelle=commune&vue=tableau&f.financement=PLAI`);
  await page.locator('.twin').getByText('Tous les chiffres').click();
  const asked = page.waitForRequest(/api\/export/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /GeoPackage/ }).click()]);
  const query = new URL((await asked).url()).searchParams;
  assert.deepEqual([query.get('echelle'), query.get('financement'), query.get('format')], ['commune', 'PLAI', 'gpkg']);
  assert.match(download.suggestedFilename(), /^mosaique_commune_.*_filtre\.gpkg$/);
  assert.equal(readFileSync(await download.path()).subarray(0, 15).toString(), 'SQLite format 3');
});

test('each format of the menu is the file that it says, at the width of a phone too', async () => {
  const { page, faults } = session;
  await page.setViewportSize({ width: 375, height: 800 });
  await page.goto(`${BASE_URL}/tableaux`);
  const menu = page.getByText('Tous les chiffres');
  for (const [name, ending, magic] of [['GeoParquet', 'parquet', 'PAR1'], ['FlatGeobuf', 'fgb', 'fgb'], ['PMTiles', 'pmtiles', 'PMTiles'], ['CSV et sa description', 'zip', 'PK']] as const) {
    const button = page.getByRole('button', { name: new RegExp(name) });
    if (!(await button.isVisible())) await menu.click();
    const box = await button.boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 375, `${name} is on the screen`);
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
    assert.ok(download.suggestedFilename().endsWith(`.${ending}`), download.suggestedFilename());
    assert.equal(readFileSync(await download.path()).subarray(0, magic.length).toString(), magic);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  assert.deepEqual(faults, []);
});
