// Residences and events of a bailleur's stock: notes, flags, renaming; entries that count in the stock up to date, and their undoing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, enter, serve, trail, type Server } from './server';
import { axeFaults, open, settle, type Session } from './harness';

interface Residences { residences: { code: string; nom: string; logements: number; adresses: { cle: string }[] }[] }
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
  test('residences are noted, flagged and renamed, with their lineage', async () => {
    const { page } = session;
    const { residences } = await ask<Residences>(page, '/api/residences');
    const target = residences.find((r) => r.adresses.length > 1);
    assert.ok(target && residences.reduce((n, r) => n + r.logements, 0) > 0);
    await page.goto(`${server.base}/residences`);
    await page.locator('.left li button').first().waitFor();
    assert.equal(await page.locator('.left li').count(), residences.length);
    await page.getByLabel('Chercher une résidence').fill(target.nom);
    await page.locator('.left li button', { hasText: target.nom }).first().click();
    await page.getByRole('radiogroup', { name: 'Climat social' }).getByRole('radio', { name: '2' }).check();
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
    assert.equal((await ask<Stock>(page, '/api/parc')).total.a_jour, before.total.rpls);
    await settle(page);
    assert.deepEqual(session.faults.filter((f) => !f.includes(server.base)), []);
  });

  test('each act has its line in the trail', async () => {
    for (const action of ['residence_notee', 'signalement', 'signalement_leve', 'residence', 'evenement', 'evenement_annule']) assert.ok((await trail(server, action)).length > 0, action);
  });
});
