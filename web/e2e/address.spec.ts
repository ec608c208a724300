// An address in the one search field: its commune, its IRIS, the QPV of each generation in words, residences nearby; zones in a link.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { writeZones } from '../src/lib/links';
import { shownZone } from './figures';
import { BASE_URL, axeFaults, get, onScreen, open, picture, settle, visit, type Session } from './harness';

interface Hit { geometry: { coordinates: [number, number] }; properties: { label: string; type: string; name: string } }
interface Situation { commune: { nom: string } | null; iris: { nom: string } | null; qpv: { generation: string; reponse: string }[] }

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

/** An address of the demonstration with a number, near a residence. */
async function known(): Promise<Hit> {
  const zone = await shownZone('commune', 'I01');
  for (const word of ['rue', 'avenue', 'place', 'chemin', 'impasse', 'allée']) {
    const { features } = await get<{ features: Hit[] }>(`/search?q=${encodeURIComponent(`1 ${word} ${zone.nom}`)}&limit=20`);
    const found = features.find((f) => f.properties.type === 'housenumber');
    if (found) return found;
  }
  throw new Error('the demonstration has no address');
}

describe('an address', () => {
  test('is found by the keyboard in the field of territories; its sheet says where it is and of which QPV, in words', async () => {
    const { page } = session;
    const hit = await known();
    await visit(page, '/?indicateur=I02&echelle=commune');
    const box = page.getByRole('combobox', { name: /adresse/ });
    await box.focus();
    await page.keyboard.type(hit.properties.label);
    const option = page.locator('[role=option]', { hasText: hit.properties.name }).first();
    await option.waitFor();
    // Territories and addresses are two questions.
    await settle(page);
    const names = await page.locator('[role=option]').allInnerTexts();
    const at = names.findIndex((n) => n.includes('Adresse ·') && n.includes(hit.properties.name));
    for (let i = 0; i < at; i += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('article', { name: 'Adresse' });
    await sheet.locator('h2', { hasText: hit.properties.name }).waitFor();
    // The map has gone there.
    await page.waitForFunction(() => Number(location.hash.slice(1).split('/')[0]) > 14);
    await settle(page);
    const [lon, lat] = hit.geometry.coordinates;
    const where = await get<Situation>(`/api/situation?lon=${lon}&lat=${lat}&qualite=11`);
    const text = await sheet.innerText();
    for (const part of [where.commune?.nom, where.iris?.nom]) if (part) assert.ok(text.includes(part), part);
    for (const q of where.qpv) {
      const line = await sheet.locator('li', { hasText: `QPV ${q.generation}` }).innerText();
      assert.ok(line.toLowerCase().includes(q.reponse), `${line} / ${q.reponse}`);
    }
    // The map is there, and the place is beside the sheet.
    const place = await onScreen(page, lon, lat);
    const panel = await page.locator('main .right').boundingBox();
    assert.ok(panel && place.x > 316 && place.x < panel.x - 10 && place.y > 60 && place.y < 790, JSON.stringify({ place, panel }));
    assert.match(page.url(), /adresse=/);
    await picture(page, 'adresse-1');
    assert.deepEqual(await axeFaults(page), []);
    // The link shows the same to a colleague; a residence nearby opens by one click.
    const url = page.url();
    await page.goto('about:blank');
    await page.goto(url);
    await sheet.locator('h2', { hasText: hit.properties.name }).waitFor();
    await settle(page);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    assert.ok(!page.url().includes('adresse='));
  });

  test('that does not exist is told, with what to write', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I02&echelle=commune');
    await page.getByRole('combobox', { name: /adresse/ }).fill('xyzzyx quuxquux');
    await page.locator('.search .none', { hasText: 'le numéro, la rue et la commune' }).waitFor();
  });
});

describe('a link', () => {
  test('carries the zones that one drew, and is then written without them', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I02');
    const [lon, lat] = zone.centre;
    const square = { nom: 'Périmètre de la réunion', geometrie: { type: 'Polygon' as const, coordinates: [[[lon - 0.02, lat - 0.015], [lon + 0.02, lat - 0.015], [lon + 0.02, lat + 0.015], [lon - 0.02, lat + 0.015], [lon - 0.02, lat - 0.015]]] } };
    await page.goto(`${BASE_URL}/`);
    await page.evaluate(() => localStorage.removeItem('mosaique.zones'));
    await visit(page, `/?indicateur=I02&echelle=commune#11.5/${lat}/${lon}&zones=${writeZones([square])}`);
    await page.getByRole('button', { name: /Mes zones/ }).waitFor();
    await page.locator('.toast', { hasText: 'vient du lien' }).waitFor();
    assert.ok(!page.url().includes('zones='));
    await page.getByRole('button', { name: /Mes zones/ }).click();
    assert.equal(await page.locator('.drawer thead input').first().inputValue(), 'Périmètre de la réunion');
    // Copied again, it carries them again.
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: BASE_URL });
    await page.getByRole('button', { name: 'Montrer' }).click();
    await page.getByRole('button', { name: 'Copier le lien' }).click();
    await page.getByText('ses zones est copié').waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /&zones=P/);
    // Opened twice, it adds nothing twice.
    await page.goto('about:blank');
    await page.goto(copied);
    await page.getByRole('button', { name: /Mes zones/ }).waitFor();
    await settle(page);
    assert.match(await page.getByRole('button', { name: /Mes zones/ }).innerText(), /1$/);
    await page.evaluate(() => localStorage.removeItem('mosaique.zones'));
  });
});

test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults.filter((f) => !f.includes('404')), []));
