// Residences and events of a bailleur's stock: notes, flags, renaming; entries that count in the stock up to date, and their undoing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, atelier, enter, trail, type Atelier } from './atelier';
import { axeFaults, open, settle, type Session } from './harness';

interface Residences { residences: { code: string; nom: string; logements: number; adresses: { cle: string }[] }[] }
interface Stock { total: { rpls: number; a_jour: number }; communes: { code: string; nom: string; rpls: number }[] }

let server: Atelier;
let session: Session;
before(async () => {
  server = await atelier();
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
    await page.locator('form label', { hasText: 'Commune' }).locator('select').selectOption(before.communes[0]?.code ?? '');
    await page.getByLabel('Logements').fill('24');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText('compte dans le parc à jour').waitFor();
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
