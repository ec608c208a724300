// The pages of residences and of DALO placements say what the HTTP interface says, and let each role do what is theirs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axeFaults, BASE_URL, contentOf, follow, get, open, readNumber, settle, type Session } from './harness';

interface Residence { code: string; nom: string; classee: boolean; nb_alertes: number | null; score: number | null; valeurs: (number | null)[]; en_qpv: boolean }
interface Fragilite { epci: { code: string; nom: string }; composantes: { epci: number | null }[]; residences: Residence[] }
interface Placements { detail: boolean; bilan: { concernes: number | null }; mois: { code: string }[]; placements: { id: string; concerne: boolean }[] }

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

async function visit(path: string): Promise<void> {
  await session.page.goto(BASE_URL + path);
  await session.page.locator('main section').first().waitFor();
  await settle(session.page);
}

describe('the page of residences', () => {
  test('is reached from the map and ranks residences by their alerts', async () => {
    const { page } = session;
    await page.goto(BASE_URL);
    await follow(page, 'Mixité', 'Résidences à enjeu');
    await page.locator('main tbody tr').first().waitFor();
    const read = await get<Fragilite>('/api/residences/fragilite');
    const rows = page.locator('section[aria-labelledby=rang] tbody tr');
    for (const i of [0, 1, 2, 20]) {
      const expected = read.residences[i];
      assert.ok(expected?.classee);
      assert.equal(await rows.nth(i).locator('th button').innerText(), expected.nom);
      const cells = await rows.nth(i).locator('td').allInnerTexts();
      assert.equal(readNumber(cells[1] ?? ''), expected.nb_alertes);
      assert.equal(readNumber(cells[2] ?? ''), Math.round(expected.valeurs[0] ?? -1));
    }
  });

  test('draws a dot for each residence whose two figures are known, and a dot opens its sheet', async () => {
    const { page } = session;
    await visit('/enjeux');
    const read = await get<Fragilite>('/api/residences/fragilite');
    const known = read.residences.filter((r) => r.valeurs[0] != null && r.valeurs[2] != null).length;
    const dots = page.locator('main [aria-label=dot] circle');
    assert.ok(known > 50 && (await dots.count()) === known, `${await dots.count()} dots, ${known} residences`);
    await page.locator('section[aria-labelledby=rang] tbody button').first().click();
    const sheet = page.getByRole('region', { name: /^Résidence :/ });
    await sheet.waitFor();
    assert.equal(await sheet.locator('h2').innerText(), read.residences[0]?.nom);
    assert.equal(await sheet.locator('ul').first().locator('li').count(), 6);
    assert.match(page.url(), new RegExp(`residence=${read.residences[0]?.code}`));
    assert.equal(await page.locator('main circle.lit').count(), 1);
    // « Back » closes it: on a phone it covers the page that one would leave.
    await page.goBack();
    await sheet.waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, '/enjeux');
  });

  test('a rectangle on the chart narrows the table', async () => {
    const { page } = session;
    await visit('/enjeux');
    const box = await page.locator('main figure svg').boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.62, box.y + 25);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 20, box.y + box.height * 0.5, { steps: 4 });
    await page.mouse.up();
    const title = await page.locator('#rang').innerText();
    const all = (await get<Fragilite>('/api/residences/fragilite')).residences.length;
    assert.ok(readNumber(title) > 0 && readNumber(title) < all, title);
    await page.getByRole('button', { name: 'Tout reprendre' }).click();
    assert.equal(readNumber(await page.locator('#rang').innerText()), all);
  });

  test('narrows to QPV and exports what it shows', async () => {
    const { page } = session;
    await visit('/enjeux?qpv=dans');
    const inside = (await get<Fragilite>('/api/residences/fragilite')).residences.filter((r) => r.en_qpv).length;
    assert.equal(readNumber(await page.locator('#rang').innerText()), inside);
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('section[aria-labelledby=rang]').getByRole('button', { name: 'CSV' }).click()]);
    const { name, text } = await contentOf(download);
    assert.match(name, /^mosaique_residences_/);
    assert.equal(text.trim().split(/\r?\n/).length, inside + 1);
  });

  test('axe finds no fault, with a residence opened', async () => {
    const first = (await get<Fragilite>('/api/residences/fragilite')).residences[0];
    await visit(`/enjeux?residence=${first?.code}`);
    assert.deepEqual(await axeFaults(session.page), []);
  });
});

describe('the page of DALO placements', () => {
  test('lists what is to justify, and the rest when asked', async () => {
    const { page } = session;
    await visit('/dalo');
    const list = await get<Placements>('/api/dalo/placements');
    assert.ok(list.detail && list.placements.some((p) => p.concerne));
    assert.equal(readNumber(await page.locator('.cards dd').first().innerText()), list.bilan.concernes);
    const rows = page.locator('section[aria-labelledby=liste] tbody tr');
    assert.equal(await rows.count(), list.placements.filter((p) => p.concerne).length);
    await page.getByLabel('Montrer aussi').check();
    assert.equal(readNumber(await page.locator('#liste').innerText()), list.placements.length);
    assert.equal(await page.locator('section[aria-labelledby=mois] table tbody tr').count(), list.mois.length);
  });

  test('exports the list without a name', async () => {
    const { page } = session;
    await visit('/dalo');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    const { text } = await contentOf(download);
    const list = await get<Placements>('/api/dalo/placements');
    assert.equal(text.trim().split(/\r?\n/).length, list.placements.filter((p) => p.concerne).length + 1);
  });

  test('axe finds no fault', async () => {
    await visit('/dalo');
    assert.deepEqual(await axeFaults(session.page), []);
  });

  test('the browser saw no fault', () => {
    assert.deepEqual(session.faults, []);
  });
});
