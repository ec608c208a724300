// Residences and events of a bailleur's stock: notes, flags, renaming; entries that count in the stock up to date, and their undoing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, enter, serve, trail, type Server } from './server';
import { axeFaults, open, picture, settle, type Session } from './harness';

interface Residence { code: string; nom: string; commune: string; logements: number; adresses: { cle: string; lon: number; lat: number }[] }
interface Residences { residences: Residence[]; operations: { genre: string; annulee: boolean }[] }
interface Sheet { parc: string; couverture: { logements: number; repondants: number | null }; chiffres: { numerateur: number | null; source: string }[] }
interface Stock { total: { rpls: number; a_jour: number }; communes: { code: string; nom: string; rpls: number }[] }

let server: Server;
let session: Session;
before(async () => {
  server = await serve({ copy: true });
  session = await open({});
  await enter(session.page, server, 'bailleur');
});
after(async () => {
  await session?.close();
  server?.stop();
});
const axe = async (): Promise<void> => assert.deepEqual(await axeFaults(session.page), []);

describe('the stock of a bailleur', () => {
  /** Its line in the list: several may have the same name. */
  const row = (r: Residence) => session.page.locator('.left li', { has: session.page.locator(`input[value="${r.code}"]`) }).getByRole('button');

  test('residences are noted, flagged and renamed, with their lineage', async () => {
    const { page } = session;
    const { residences } = await ask<Residences>(page, '/api/residences');
    const target = residences.find((r) => r.adresses.length > 1);
    assert.ok(target && residences.reduce((n, r) => n + r.logements, 0) > 0);
    await page.goto(`${server.base}/residences`);
    await page.locator('.left li button').first().waitFor();
    assert.equal(await page.locator('.left li').count(), residences.length);
    // Several bear one name: where each is stands in its line, and in the words of its box.
    const { zones } = await ask<{ zones: { code: string; nom: string }[] }>(page, '/api/zones?echelle=commune');
    const place = zones.find((z) => z.code === target.commune)?.nom ?? '';
    await row(target).getByText(place).waitFor();
    await page.locator(`.left input[value="${target.code}"]`).and(page.getByRole('checkbox', { name: `Choisir ${target.nom}, ${place}, pour la réunir` })).waitFor();
    await page.getByLabel('Chercher une résidence').fill(target.nom);
    await page.locator('.left li button', { hasText: target.nom }).first().click();
    await page.getByRole('radiogroup', { name: 'Climat social' }).getByRole('radio', { name: '2' }).check();
    assert.ok(await page.getByRole('button', { name: 'Noter' }).isDisabled(), 'two notes are not given yet');
    for (const name of ['État technique', 'Attractivité']) await page.getByRole('radiogroup', { name }).getByRole('radio', { name: '3' }).check();
    await page.getByRole('button', { name: 'Noter' }).click();
    await page.locator('.past li', { hasText: '3/2/3' }).waitFor();
    await page.getByLabel('Motif').fill('Trafic dans les halls');
    await page.getByRole('button', { name: 'Signaler' }).click();
    await page.getByRole('button', { name: 'Lever' }).waitFor();
    await axe();
    await page.getByRole('button', { name: 'Lever' }).click();
    await page.getByRole('button', { name: 'Remettre' }).waitFor();
    await page.getByLabel('Nom', { exact: true }).fill('Résidence renommée');
    await page.getByRole('button', { name: 'Renommer' }).click();
    await page.locator('.block', { hasText: 'Lignée' }).getByText('Renommée').waitFor();
    const renamed = await ask<Residences>(page, '/api/residences');
    assert.equal(renamed.residences.find((r) => r.code === target.code)?.nom, 'Résidence renommée', 'under the same code');
    const sheet = await ask<{ zone: { nom: string } }>(page, `/api/zones/residence/${target.code}?indicateurs=P01`);
    assert.equal(sheet.zone.nom, 'Résidence renommée');
  });

  /** Where a place is on the map of residences: the page keeps the map under the name of its frame. */
  const onMap = async (lon: number, lat: number): Promise<{ x: number; y: number }> => {
    await session.page.waitForFunction(() => !(document.querySelector('.frame .map') as HTMLElement & { mosaique?: { isMoving: () => boolean } }).mosaique?.isMoving());
    const box = await session.page.locator('.frame .map').boundingBox();
    assert.ok(box);
    const at = await session.page.evaluate(([x, y]) => {
      const holder = document.querySelector('.frame .map') as HTMLElement & { mosaique?: { project: (p: [number, number]) => { x: number; y: number } } };
      return holder.mosaique?.project([x, y]);
    }, [lon, lat] as [number, number]);
    assert.ok(at, 'the map tells where a place is');
    return { x: box.x + at.x, y: box.y + at.y };
  };
  const clickOn = async (a: { lon: number; lat: number }, modifiers: 'Shift'[] = []): Promise<void> => {
    const { x, y } = await onMap(a.lon, a.lat);
    for (const key of modifiers) await session.page.keyboard.down(key);
    await session.page.mouse.click(x, y);
    for (const key of modifiers) await session.page.keyboard.up(key);
  };

  test('residences are merged and split on the map, which follows the list, and both are undone', async () => {
    const { page } = session;
    const { residences } = await ask<Residences>(page, '/api/residences');
    const away = (a: Residence, b: Residence): number => Math.hypot((a.adresses[0]?.lon ?? 0) - (b.adresses[0]?.lon ?? 0), (a.adresses[0]?.lat ?? 0) - (b.adresses[0]?.lat ?? 0));
    const large = residences.filter((r) => r.adresses.length > 2 && r.adresses.length < 9);
    const [first] = large;
    assert.ok(first);
    const second = residences.filter((r) => r !== first).sort((a, b) => away(first, a) - away(first, b))[0];
    assert.ok(second);
    await page.goto(`${server.base}/residences`);
    await page.locator('.left li button', { hasText: first.nom }).first().waitFor();
    await settle(page);
    // From the list to the map: it goes there.
    await row(first).click();
    await settle(page);
    for (const a of first.adresses) {
      const { x, y } = await onMap(a.lon, a.lat);
      const box = await page.locator('.frame .frame').boundingBox();
      assert.ok(box && x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height, 'the open residence is in sight');
    }
    // From the map to the list: an address of the open residence is ticked to leave it.
    const leaver = first.adresses[0];
    assert.ok(leaver);
    await clickOn(leaver);
    await page.getByText('Nom de la nouvelle résidence (1 adresse)').waitFor();
    assert.equal(await page.locator('.addresses input:checked').count(), 1);
    await axe();
    await picture(page, 'residences-carte-scission');
    // A name that the other part keeps would tell neither from the other.
    const part = page.getByLabel('Nom de la nouvelle résidence');
    assert.equal(await part.inputValue(), '');
    await part.fill(first.nom);
    await page.getByText('porte déjà ce nom').waitFor();
    await part.fill('Résidence scindée');
    await page.getByText('porte déjà ce nom').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Diviser' }).click();
    await page.locator('.block', { hasText: 'Lignée' }).getByText('Divisée').waitFor();
    const split = await ask<Residences>(page, '/api/residences');
    const born = split.residences.find((r) => r.nom === 'Résidence scindée');
    assert.deepEqual(born?.adresses.map((a) => a.cle), [leaver.cle]);
    await page.locator('.block', { hasText: 'Lignée' }).getByRole('button', { name: 'Annuler' }).first().click();
    await page.locator('.block', { hasText: 'Lignée' }).locator('.tag', { hasText: 'annulée' }).first().waitFor();
    assert.deepEqual((await ask<Residences>(page, '/api/residences')).residences.find((r) => r.code === first.code)?.adresses.length, first.adresses.length);

    // Maj and a click choose a second residence; both boxes of the list are ticked.
    await row(second).click();
    await settle(page);
    const target = first.adresses.at(-1);
    assert.ok(target);
    await page.evaluate(([x, y]) => {
      const holder = document.querySelector('.frame .map') as HTMLElement & { mosaique?: { jumpTo: (v: object) => void } };
      holder.mosaique?.jumpTo({ center: [x, y], zoom: 16 });
    }, [target.lon, target.lat] as [number, number]);
    await settle(page);
    await clickOn(target, ['Shift']);
    await page.getByText('Réunir 2 résidences sous le nom').waitFor();
    assert.equal(await page.locator('.left li input:checked').count(), 2);
    await picture(page, 'residences-carte-fusion');
    await page.locator('#fusion').fill('Les Réunis');
    await page.getByRole('button', { name: 'Réunir', exact: true }).click();
    await page.locator('.block', { hasText: 'Lignée' }).getByText('Réunies').waitFor();
    const merged = (await ask<Residences>(page, '/api/residences')).residences.find((r) => r.nom === 'Les Réunis');
    assert.equal(merged?.adresses.length, first.adresses.length + second.adresses.length);
    await page.locator('.block', { hasText: 'Lignée' }).getByRole('button', { name: 'Annuler' }).first().click();
    await page.locator('.left li button', { hasText: 'Les Réunis' }).waitFor({ state: 'detached' });

    // The lasso round everything in sight chooses its residences.
    await page.getByRole('button', { name: 'Lasso' }).click();
    const box = await page.locator('.frame .frame').boundingBox();
    assert.ok(box);
    const corners = [[0.05, 0.12], [0.95, 0.12], [0.95, 0.95], [0.05, 0.95]].map(([u = 0, v = 0]) => [box.x + u * box.width, box.y + v * box.height] as const);
    await page.mouse.move(...(corners[0] ?? [0, 0]));
    await page.mouse.down();
    for (const corner of corners.slice(1)) await page.mouse.move(...corner, { steps: 4 });
    await page.mouse.up();
    await page.getByText(/Réunir \d+ résidences sous le nom/).waitFor();
    await axe();
  });

  test('an event counts in the stock up to date, beside the register as filed, until it is undone', async () => {
    const { page } = session;
    const before = await ask<Stock>(page, '/api/parc');
    assert.equal(before.total.a_jour, before.total.rpls);
    await page.goto(`${server.base}/evenements`);
    await page.getByText('RPLS tel que déposé').waitFor();
    await axe();
    const commune = before.communes[0]?.code ?? '';
    const sheet = (parc: string): Promise<Sheet> => ask<Sheet>(page, `/api/zones/commune/${commune}?indicateurs=P01,I05&parc=${parc}`);
    const filed = await sheet('janvier');
    await page.locator('form label', { hasText: 'Commune' }).locator('select').selectOption(commune);
    await page.getByLabel('Logements').fill('24');
    await page.getByLabel('Financement').selectOption('PLUS');
    await page.getByLabel('Pièces').fill('3');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText('compte dans le parc à jour').waitFor();
    await page.getByText(/^Chiffres à jour/).waitFor();
    // Figures follow, said of their day; households are those of the survey.
    const now = await sheet('a_jour');
    assert.deepEqual([now.couverture.logements, now.couverture.repondants], [filed.couverture.logements + 24, filed.couverture.repondants]);
    assert.match(now.parc, /^RPLS \d{4} à jour des événements au \d{2}\/\d{2}\/\d{4}$/);
    assert.deepEqual([now.chiffres[1]?.numerateur, now.chiffres[1]?.source], [filed.chiffres[1]?.numerateur, filed.chiffres[1]?.source]);
    assert.deepEqual(await sheet('janvier'), filed);
    const facets = (parc: string): Promise<{ logements: number }> => ask(page, `/api/facettes?dans=commune:${commune}&financement=PLUS&typologie=T3&parc=${parc}`);
    assert.equal((await facets('a_jour')).logements, (await facets('janvier')).logements + 24);
    const after = await ask<Stock>(page, '/api/parc');
    assert.deepEqual([after.total.rpls, after.total.a_jour], [before.total.rpls, before.total.rpls + 24]);
    await page.locator('.done').getByRole('button', { name: 'Annuler' }).click();
    await page.locator('tbody .tag', { hasText: 'annulé' }).waitFor();
    await page.getByText(/^Chiffres à jour/).waitFor();
    assert.equal((await ask<Stock>(page, '/api/parc')).total.a_jour, before.total.rpls);
    await settle(page);
    assert.deepEqual(session.faults.filter((f) => !f.includes(server.base)), []);
  });

  test('a file of events with a fault is refused by its line; a good one comes whole and goes whole', async () => {
    const { page } = session;
    const before = await ask<Stock>(page, '/api/parc');
    const commune = before.communes[0]?.code ?? '';
    await page.goto(`${server.base}/evenements`);
    const send = (text: string) => page.getByLabel('Événements à importer').setInputFiles({ name: 'evenements.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    const header = 'genre;date;commune;logements;financement;pieces\n';
    await send(`${header}mise_en_service;2025-03-01;${commune};5;PLAI;2\nmise_en_service;2025-13-01;${commune};5;PLAI;2\n`);
    await page.getByRole('alert').filter({ hasText: 'ligne 3, date' }).filter({ hasText: '2025-13-01' }).waitFor();
    assert.equal((await ask<Stock>(page, '/api/parc')).total.a_jour, before.total.a_jour, 'none of it was kept');
    await send(`${header}mise_en_service;2025-03-01;${commune};5;PLAI;2\nmise_en_service;2025-04-01;${commune};7;PLUS;3\n`);
    await page.getByText('2 événements importés').waitFor();
    await page.getByText(/^Chiffres à jour/).waitFor();
    assert.equal((await ask<Stock>(page, '/api/parc')).total.a_jour, before.total.a_jour + 12);
    await page.locator('.done').getByRole('button', { name: 'Annuler' }).click();
    await page.getByText('C’est annulé').waitFor();
    await page.getByText(/^Chiffres à jour/).waitFor();
    assert.equal((await ask<Stock>(page, '/api/parc')).total.a_jour, before.total.a_jour);
  });

  test('each act has its line in the trail', async () => {
    for (const action of ['residence_notee', 'signalement', 'signalement_leve', 'residence', 'evenement', 'evenements_importes', 'evenement_annule']) assert.ok((await trail(server, action)).length > 0, action);
  });
});
