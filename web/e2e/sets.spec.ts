// Sets of zones: picked, listed in a file, kept, shared, erased and restored, and how they drift from one millésime to the next.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { figureOf, type ListedZone, type Measure } from './figures';
import { axeFaults, contentOf, onScreen, open, picture, readNumber, settle, type Session } from './harness';
import { serve, signIn, type Server } from './server';

let on: Server;
let session: Session;
let token = '';
let largest: ListedZone & { logements: number };
before(async () => {
  on = await serve();
  token = on.token('epci@demonstration.example');
  session = await open({});
  const list = (await ask<{ zones: (ListedZone & { logements: number })[] }>('/api/zones?echelle=iris')).zones;
  const [first] = list.sort((a, b) => b.logements - a.logements);
  assert.ok(first);
  largest = first;
});
after(async () => {
  await session.close();
  on.stop();
});

const asked = { 'content-type': 'application/json' };
async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(on.base + path, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as T;
}
async function measure(codes: string[], millesime?: number): Promise<Measure> {
  const body = JSON.stringify({ zones: [{ codes: codes.map((code) => ({ echelle: 'iris', code })) }], indicateurs: ['I02'], ...(millesime ? { millesime } : {}) });
  const answer = await fetch(`${on.base}/api/mesure`, { method: 'POST', body, headers: { ...asked, authorization: `Bearer ${token}` } });
  const [first] = ((await answer.json()) as { mesures: Measure[] }).mesures;
  assert.ok(first);
  return first;
}
const dialog = () => session.page.getByRole('dialog', { name: 'Ensembles de zones' });
const openSets = (): Promise<void> => session.page.getByRole('button', { name: 'Ensembles de zones' }).click();

describe('sets of zones', () => {
  test('the public is told to sign in, and keeps its zones on its computer', async () => {
    const { page } = session;
    await page.goto(`${on.base}/`);
    await page.locator('[role=toolbar]').waitFor();
    await openSets();
    await dialog().getByRole('link', { name: 'Connectez-vous' }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.keyboard.press('Escape');
  });

  test('zones picked on the map are one list, measured as the interface does', async () => {
    const { page } = session;
    await signIn(page, on, 'epci', '/?indicateur=I02&echelle=iris');
    // A new password ends the tokens of before.
    token = on.token('epci@demonstration.example');
    await page.goto(`${on.base}/?indicateur=I02&echelle=iris#13.5/${largest.centre[1]}/${largest.centre[0]}`);
    await page.reload();
    await page.locator('[role=toolbar]').waitFor();
    await settle(page);
    await page.getByRole('button', { name: 'Choisir sur la carte' }).click();
    const { x, y } = await onScreen(page, ...largest.centre);
    await page.mouse.click(x, y);
    await page.locator('.fiche input.name').waitFor();
    await settle(page);
    const figure = figureOf(await measure([largest.code]), 'I02');
    assert.equal(readNumber(await page.getByTestId('valeur').innerText()), Number(figure.valeur?.toFixed(figure.decimales)));
    // A list is compared with its surroundings, as a drawn zone is.
    await page.locator('.fiche .gaps li').first().waitFor();
    // A second click on the same zone takes it out.
    await page.mouse.click(x, y);
    await page.locator('.fiche').waitFor({ state: 'detached' });
    await page.mouse.click(x, y);
    await page.locator('.fiche').waitFor();
    await page.keyboard.press('Escape');
    await picture(page, 'ensembles-1-choix');
  });

  test('a CSV of codes makes zones, and those that overlap are told', async () => {
    const { page } = session;
    const csv = `echelle;code;zone\r\niris;${largest.code};Cœur\r\ncommune;${largest.code.slice(0, 5)};Commune\r\n`;
    await page.locator('input[type=file]').setInputFiles({ name: 'liste.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.locator('.drawer').waitFor();
    await settle(page);
    await page.locator('.drawer .overlap', { hasText: 'Cœur' }).waitFor();
    const cells = await page.locator('.drawer tbody tr').first().locator('td').allInnerTexts();
    assert.equal(readNumber(cells[1] ?? ''), (await measure([largest.code])).couverture.logements);
    await picture(page, 'ensembles-2-fichier');
  });

  test('kept under a name, they show how they drifted since the other millésime', async () => {
    const { page } = session;
    await openSets();
    await dialog().getByRole('textbox', { name: /sous le nom/ }).fill('Secteurs d’été');
    await dialog().getByRole('radio', { name: 'Mon organisme' }).check();
    await dialog().getByRole('button', { name: 'Garder' }).click();
    await dialog().getByRole('button', { name: 'Ouvrir Secteurs d’été' }).waitFor();
    const years = (await ask<{ millesimes: { millesime: number }[] }>('/api/catalogue')).millesimes.map((m) => m.millesime);
    const old = Math.min(...years);
    const row = dialog().locator('table', { hasText: 'Écart' }).getByRole('row', { name: /Cœur/ });
    await row.waitFor();
    const [, before, now, then, value, gap] = (await row.locator('td').allInnerTexts()).map((t) => readNumber(t));
    const [was, is] = [await measure([largest.code], old), await measure([largest.code])];
    assert.deepEqual([before, now], [was.couverture.logements, is.couverture.logements]);
    const [a, b] = [figureOf(was, 'I02'), figureOf(is, 'I02')];
    assert.deepEqual([then, value], [a, b].map((f) => Number(f.valeur?.toFixed(f.decimales))));
    assert.ok(Math.abs((gap ?? NaN) - ((b.valeur ?? 0) - (a.valeur ?? 0))) < 0.06, `${gap}`);
    const [file] = await Promise.all([page.waitForEvent('download'), dialog().getByRole('button', { name: 'CSV' }).click()]);
    assert.match((await contentOf(file)).name, new RegExp(`^mosaique_derive_i02_${old}-\\d{4}\\.csv$`));
    await picture(page, 'ensembles-3-derive');
    assert.deepEqual(await axeFaults(page), []);
  });

  test('a colleague opens what was shared, and not what is private', async () => {
    const { page } = session;
    const kept = await ask<{ id: string; nom: string; zones: number; visibilite: string }[]>('/api/ensembles');
    assert.deepEqual(kept.map((e) => [e.nom, e.visibilite, e.zones]), [['Secteurs d’été', 'ORG', 3]]);
    const stranger = on.token('agence@demonstration.example');
    const [set] = kept;
    const refused = await fetch(`${on.base}/api/ensembles/${set?.id}`, { headers: { authorization: `Bearer ${stranger}` } });
    assert.equal(refused.status, 404);
    await page.keyboard.press('Escape');
  });

  test('opened again after all zones were removed, they come back; erased, they are restored', async () => {
    const { page } = session;
    await page.getByRole('button', { name: 'Tout supprimer' }).click();
    await openSets();
    await dialog().getByRole('button', { name: 'Ouvrir Secteurs d’été' }).click();
    await page.locator('.drawer').waitFor();
    assert.equal(await page.locator('.drawer thead input').count(), 3);
    await openSets();
    await dialog().getByRole('button', { name: 'Effacer Secteurs d’été' }).click();
    await dialog().getByRole('button', { name: 'Annuler' }).click();
    await dialog().getByRole('button', { name: 'Ouvrir Secteurs d’été' }).waitFor();
    await dialog().getByRole('button', { name: 'Effacer Secteurs d’été' }).click();
    await dialog().getByText(/Effacés, encore restaurables/).click();
    await dialog().getByRole('button', { name: 'Restaurer Secteurs d’été' }).click();
    await dialog().getByRole('button', { name: 'Ouvrir Secteurs d’été' }).waitFor();
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});
