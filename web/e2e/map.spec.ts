// The map and its table say what the HTTP interface says.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { figureOf, shownZone, type Indicator, type Measure, type Values } from './figures';
import { axeFaults, get, onScreen, open, readNumber, settle, spaced, visit, type Session } from './harness';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

describe('the map', () => {
  test('opens on the territory with a legend, without a fault nor a request to any other host', async () => {
    const { page, faults } = session;
    await visit(page, '/');
    assert.match(await page.title(), /mosaïque/);
    assert.match(page.url(), /indicateur=\w+.*#\d/);
    assert.deepEqual(faults, []);
  });

  test('counts in its legend every zone that has a value, once', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&echelle=commune');
    const values = await get<Values>('/api/valeurs/commune?indicateur=I01');
    const counts = await page.locator('.legend ol .n').allTextContents();
    const known = values.valeurs.filter((v) => v !== null);
    const numbers = counts.map(readNumber);
    assert.equal(numbers.reduce((sum, n) => sum + n, 0), known.length);
    // Equal numbers are equal, to one zone where all values differ.
    assert.ok(numbers.every((n) => n > 0), counts.join());
    if (new Set(known).size === known.length) assert.ok(Math.max(...numbers) - Math.min(...numbers) <= 1, counts.join());
  });

  test('shows another indicator when one is searched and chosen', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01');
    const indicators = await get<Indicator[]>('/api/indicateurs');
    const wanted = indicators.find((i) => i.id === 'I08');
    assert.ok(wanted);
    await page.getByRole('button', { name: /Changer d’indicateur/ }).click();
    await page.getByRole('searchbox', { name: 'Rechercher un indicateur' }).fill('monoparentales');
    await page.getByRole('button', { name: wanted.libelle }).click();
    await page.locator('.legend h2', { hasText: wanted.libelle }).waitFor();
    assert.match(page.url(), /indicateur=I08/);
    await page.goBack();
    await page.waitForURL(/indicateur=I01/);
  });

  test('opens on a click the figures that the interface gives for the zone, and closes them with Escape', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I01');
    await visit(page, `/?indicateur=I01&echelle=commune#12/${zone.centre[1]}/${zone.centre[0]}`);
    const { x, y } = await onScreen(page, ...zone.centre);
    await page.mouse.click(x, y);
    await page.locator('.fiche h2', { hasText: zone.nom }).waitFor();
    const measure = await get<Measure>(`/api/zones/commune/${zone.code}?population=TOUS`);
    const figure = figureOf(measure, 'I01');
    assert.equal(readNumber(await page.getByTestId('valeur').innerText()), Number(figure.valeur?.toFixed(figure.decimales)));
    // Every figure of the sheet, against the interface.
    const labels = new Map((await get<Indicator[]>('/api/indicateurs')).map((i) => [i.libelle, i.id]));
    const rows = page.locator('.fiche tbody tr:has(td.value)');
    assert.equal(await rows.count(), measure.chiffres.length);
    for (const row of await rows.all()) {
      const label = spaced(await row.locator('th button').innerText());
      const said = figureOf(measure, labels.get(label) ?? '?');
      const text = await row.locator('td.value').innerText();
      if (said.secret) assert.match(text, /secret/, label);
      else if (said.valeur === null) assert.match(text, /—/, label);
      else assert.equal(readNumber(text), Number(said.valeur.toFixed(said.decimales)), label);
    }
    assert.ok(page.url().includes(`zone=commune:${zone.code}`));
    await page.keyboard.press('Escape');
    await page.locator('.fiche').waitFor({ state: 'detached' });
    assert.ok(!page.url().includes('zone='));
  });

  test('comes back whole from its address', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I02');
    await visit(page, `/?indicateur=I02&population=ANCIENS&generation=2015&echelle=commune&zone=commune:${zone.code}#11.5/${zone.centre[1]}/${zone.centre[0]}`);
    await page.locator('.fiche h2', { hasText: zone.nom }).waitFor();
    assert.ok(await page.getByRole('radio', { name: 'Anciens' }).isChecked());
    assert.ok(await page.getByRole('radio', { name: '2015' }).isChecked());
    const url = page.url();
    await page.reload();
    await page.locator('.fiche h2', { hasText: zone.nom }).waitFor();
    await settle(page);
    assert.equal(page.url(), url);
  });

  test('changes its figures with a filter', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=P01&echelle=commune');
    const all = await page.locator('.legend').innerText();
    await page.locator('.filters summary', { hasText: 'Financement' }).click();
    await page.locator('.filters details[open] input[type=checkbox]').first().check();
    await page.waitForURL(/f\.financement=/);
    await settle(page);
    assert.notEqual(await page.locator('.legend').innerText(), all);
  });
});

describe('the table', () => {
  test('gives the values of the map, sorted, and opens the same sheet', async () => {
    const { page } = session;
    const values = await get<Values>('/api/valeurs/commune?indicateur=I01');
    await visit(page, '/?indicateur=I01&echelle=commune');
    await page.getByRole('radio', { name: 'Tableau' }).check();
    await page.locator('.twin tbody tr').first().waitFor();
    const rows = page.locator('.twin tbody tr');
    assert.equal(await rows.count(), Math.min(100, values.codes.length));
    const shown = (await rows.locator('td.strong').allInnerTexts()).filter((t) => /\d/.test(t)).map(readNumber);
    assert.deepEqual(shown, [...shown].sort((a, b) => b - a));
    const best = Math.max(...values.valeurs.map((v) => v ?? -Infinity));
    assert.equal(shown[0], Number(best.toFixed(1)));
    await page.getByRole('button', { name: /^Commune/ }).click();
    const names = await rows.locator('th').allInnerTexts();
    assert.deepEqual(names, [...names].sort(new Intl.Collator('fr', { numeric: true, sensitivity: 'base' }).compare));
    // A colleague, or oneself after a reload, reads the same lines in the same order.
    await page.getByRole('button', { name: 'Code' }).click();
    await page.getByRole('searchbox', { name: 'Rechercher une zone' }).fill(names[0]?.slice(0, 5) ?? '');
    await page.waitForURL(/tri=code&cherche=/);
    const kept = await rows.locator('th').allInnerTexts();
    await page.reload();
    await rows.first().waitFor();
    assert.deepEqual(await rows.locator('th').allInnerTexts(), kept);
    assert.equal(await page.locator('.twin thead th', { hasText: 'Code' }).getAttribute('aria-sort'), 'ascending');
    await rows.locator('th button', { hasText: names[0] ?? '?' }).click();
    await page.locator('.fiche h2', { hasText: names[0] ?? '?' }).waitFor();
  });

  test('says that a figure is secret, and gives no number in its place', async (t) => {
    const { page } = session;
    const values = await get<Values>('/api/valeurs/residence?indicateur=I01');
    const i = values.secret.indexOf(true);
    if (i < 0) return t.skip('no residence of this territory is under secrecy');
    await visit(page, '/?indicateur=I01&echelle=residence&vue=tableau');
    await page.getByPlaceholder('Rechercher une zone').fill(values.codes[i] ?? '');
    assert.match(await page.locator('.twin tbody tr').first().locator('td.strong').innerText(), /^secret statistique$/);
  });
});

describe('accessibility', () => {
  for (const [name, path] of [['map', '/?indicateur=I01'], ['table', '/?indicateur=I01&echelle=commune&vue=tableau'], ['sheet', '']] as const) {
    test(`axe finds no fault in the ${name}`, async () => {
      const { page } = session;
      const address = path || `/?indicateur=I01&zone=commune:${(await shownZone('commune', 'I01')).code}`;
      await visit(page, address);
      if (name === 'sheet') await page.locator('.fiche .cover').waitFor();
      assert.deepEqual(await axeFaults(page), []);
    });
  }

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});
