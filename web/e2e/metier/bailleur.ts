// What a lessor does with its stock and its leases, to the end.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { contentOf, eventually, readNumber, settle } from '../harness';
import { seen, type Task } from '../hand';
import { ask } from '../server';
import { csv, FILES, table } from './files';

/** A field of the form by what its label begins with: a label that holds a list is called by all that is in it. */
const field = (page: Page, name: string): Locator => page.locator('form label').filter({ hasText: new RegExp(`^${name}`) }).locator('select');

/** Dwellings of one address of the stock, by their national numbers, and the commune where they are. */
async function dwellings(page: Page, count: number, but: readonly string[] = []): Promise<{ commune: { code: string; nom: string }; idents: string[] }> {
  const [{ communes }, { adresses }] = [await ask<{ communes: { code: string; nom: string }[] }>(page, '/api/parc'), await ask<{ adresses: { id: string; depcom: string; logements: number }[] }>(page, '/api/adresses?q=rue&limite=200')];
  for (const address of adresses.filter((a) => a.logements > count)) {
    const commune = communes.find((c) => c.code === address.depcom);
    const { logements } = await ask<{ logements: { ident_rep: string }[] }>(page, `/api/adresses/${address.id}/candidats`);
    const idents = logements.map((l) => l.ident_rep).filter((i) => i && !but.includes(i)).slice(0, count);
    if (commune && idents.length === count) return { commune, idents };
  }
  throw new Error('no address of the stock has such dwellings');
}

export const BAILLEUR: Task[] = [
  { menu: true, name: 'the survey deposited, two cells mended, what changes seen, accepted, withdrawn', most: [12, 12], walk: async (hand) => {
    const { page } = hand;
    const { code: siren } = await ask<{ code: string }>(page, '/api/organisation');
    const { head, rows } = table('ops_2024.csv', (r) => r['bailleur_siren'] === siren);
    const wave = head.split(';').indexOf('vague');
    const sent = rows.map((r, i) => (i === 4 || i === 9 ? r.split(';').map((c, k) => (k === wave ? '2018' : c)).join(';') : r));
    await hand.go('Mon parc', 'Dépôts');
    await hand.type(page.getByLabel('Vague'), '2024');
    await hand.give(page.getByLabel('Fichier à déposer'), csv('ops_2024.csv', [head, ...sent].join('\n')));
    await page.getByRole('tab', { name: /Lignes rejetées/ }).waitFor({ timeout: 60_000 });
    const cells = page.locator('tbody tr', { hasText: 'vague' }).locator('input');
    await cells.first().waitFor();
    const bad = await cells.count();
    assert.equal(bad, 2);
    for (let i = 0; i < bad; i += 1) await hand.type(cells.nth(i), '2024');
    const rejected = readNumber(await page.getByRole('tab', { name: /Lignes rejetées/ }).innerText().then((t) => t.replace(/^\D+/, '')));
    await hand.click(page.getByRole('button', { name: /recontrôler/ }));
    await page.getByRole('tab', { name: `Lignes rejetées (${rejected - bad})` }).waitFor({ timeout: 60_000 });
    await hand.click(page.getByRole('tab', { name: /Comparaison/ }));
    await seen(page, '[role=tabpanel]');
    await hand.click(page.getByRole('button', { name: 'Accepter le dépôt' }));
    // What loses nothing is accepted at once.
    const sure = page.getByRole('button', { name: 'Oui, accepter' });
    await sure.or(page.getByRole('button', { name: 'Retirer ce dépôt' })).first().waitFor({ timeout: 60_000 });
    if (await sure.count()) await hand.click(sure);
    await page.getByText(/Chiffres à jour/).waitFor({ timeout: 90_000 });
    await hand.click(page.getByRole('button', { name: 'Retirer ce dépôt' }));
    await hand.click(page.getByRole('button', { name: 'Retirer', exact: true }));
    await page.locator('article .tag', { hasText: 'retiré' }).first().waitFor();
  } },
  { menu: true, name: 'an address corrected and undone', most: [6, 6], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mon parc', 'Adresses à corriger');
    await page.locator('[role=option]').first().waitFor();
    await settle(page);
    await hand.click(page.locator('[role=option]').nth(1));
    await hand.click(page.locator('.candidates button, .candidates li button').first());
    await page.getByRole('heading', { name: /Conséquences pour/ }).waitFor();
    await hand.click(page.getByRole('button', { name: /^Enregistrer/ }));
    await page.getByText(/déplacé/).first().waitFor({ timeout: 60_000 });
    // The message is about what stands: undone, it says so at once, before the figures follow.
    await hand.click(page.getByRole('button', { name: 'Annuler' }).first());
    await page.getByText(/: correction annulée/).waitFor();
    assert.equal(await page.getByText(/logements? déplacé/).count(), 0);
    await page.getByText(/^Chiffres à jour/).waitFor({ timeout: 90_000 });
  } },
  { menu: true, name: 'corrections for one’s own software', most: [3, 3], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mon parc', 'Adresses à corriger');
    const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.locator('a[href="/api/adresses/corrections.csv"]').first())]);
    assert.match((await contentOf(file)).text, /^\ufeffIDENT_REP;/);
  } },
  { menu: true, name: 'a residence split, and put together again', most: [8, 8], walk: async (hand) => {
    const { page } = hand;
    const { residences } = await ask<{ residences: { code: string; nom: string; adresses: unknown[] }[] }>(page, '/api/residences');
    const target = residences.find((r) => r.adresses.length > 2 && residences.filter((o) => o.nom === r.nom).length === 1);
    assert.ok(target);
    await hand.go('Mon parc', 'Résidences');
    await page.locator('.left li button').first().waitFor();
    await hand.type(page.getByLabel('Chercher une résidence'), target.nom);
    await hand.click(page.locator('.left li button', { hasText: target.nom }).first());
    await hand.click(page.locator('.addresses input').first());
    await hand.type(page.getByLabel('Nom de la nouvelle résidence'), 'Résidence scindée');
    await hand.click(page.getByRole('button', { name: 'Diviser' }));
    await page.locator('.block', { hasText: 'Lignée' }).getByText('Divisée').waitFor({ timeout: 60_000 });
    await hand.click(page.locator('.block', { hasText: 'Lignée' }).getByRole('button', { name: 'Annuler' }).first());
    await page.locator('.block', { hasText: 'Lignée' }).locator('.tag', { hasText: 'annulée' }).first().waitFor();
  } },
  { menu: true, name: 'a delivery entered, and undone', most: [8, 8], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mon parc', 'Événements du parc');
    await page.getByText('RPLS tel que déposé').waitFor();
    await hand.choose(page.locator('form label', { hasText: 'Commune' }).locator('select'), (await ask<{ communes: { code: string }[] }>(page, '/api/parc')).communes[0]?.code ?? '');
    await hand.type(page.getByLabel('Logements'), '24');
    await hand.choose(page.getByLabel('Financement'), 'PLUS');
    await hand.type(page.getByLabel('Pièces'), '3');
    await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
    await page.getByText('compte dans le parc à jour').first().waitFor();
    await hand.click(page.locator('.done').getByRole('button', { name: 'Annuler' }));
    await page.locator('tbody .tag', { hasText: 'annulé' }).first().waitFor();
  } },
  { menu: true, name: 'a demolition declared: two dwellings leave the stock up to date', most: [7, 7], walk: async (hand) => {
    const { page } = hand;
    const { commune, idents } = await dwellings(page, 2);
    await hand.go('Mon parc', 'Événements du parc');
    const row = page.locator('section[aria-labelledby=parc-titre] tbody tr', { hasText: commune.nom }).first();
    const cells = async (): Promise<number[]> => (await row.locator('td').allInnerTexts()).slice(1).map((t) => readNumber(t) || 0);
    await row.waitFor();
    const [rpls = 0, , left = 0, now = 0] = await cells();
    await hand.choose(field(page, 'Événement'), 'demolition');
    await hand.choose(field(page, 'Commune'), commune.code);
    await hand.type(page.getByLabel('Numéros nationaux'), idents.join(' '));
    await hand.type(page.getByLabel('Logements', { exact: true }), '2');
    await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
    await page.getByText('Enregistré : démolition').waitFor();
    await eventually(async () => assert.deepEqual(await cells(), [rpls, 0, left - 2, now - 2]), 90_000);
  } },
  { menu: true, name: 'the notice of a tenant: the dwelling is among those that get free', most: [6, 6], walk: async (hand) => {
    const { page } = hand;
    interface Homes { logements: { ident_rep: string }[] }
    const free = await ask<Homes>(page, '/api/cotation/logements');
    // Neither free already nor among those that were said to be gone.
    const gone = await dwellings(page, 2);
    const { commune, idents } = await dwellings(page, 1, [...free.logements.map((l) => l.ident_rep), ...gone.idents]);
    await hand.go('Mon parc', 'Événements du parc');
    await page.getByText('RPLS tel que déposé').waitFor();
    await hand.choose(field(page, 'Événement'), 'conge');
    await hand.choose(field(page, 'Commune'), commune.code);
    await hand.type(page.getByLabel('Numéros nationaux'), idents.join(' '));
    await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
    await page.locator('tbody tr', { hasText: 'Congé d’un locataire' }).getByText('proposé avant CALEOL').waitFor();
    await eventually(async () => {
      const now = await ask<Homes>(page, '/api/cotation/logements');
      assert.ok(now.logements.some((l) => l.ident_rep === idents[0]), `${idents[0]} is not among ${now.logements.length}`);
    }, 90_000);
  } },
  { menu: true, name: 'a placement justified, knowing which lease', most: [5, 5], walk: async (hand) => {
    const { page } = hand;
    const placements = (await ask<{ placements: { id: string; attend: string | null; logement: string | null }[] }>(page, '/api/dalo/placements')).placements;
    const mine = placements.find((p) => p.attend === 'bailleur');
    assert.ok(mine?.logement, 'the lessor is told which dwelling it is');
    await hand.go('Mixité', 'DALO et QPV');
    const row = page.locator('section[aria-labelledby=liste] tbody tr', { hasText: mine.logement });
    await hand.click(row.getByRole('button', { name: 'Justifier' }).first());
    await hand.choose(row.getByLabel('Motif'), { label: 'Ménage qui habitait déjà le quartier' });
    await hand.click(row.locator('form').getByRole('button', { name: 'Justifier' }));
    await row.getByText('Ménage qui habitait déjà le quartier', { exact: true }).first().waitFor();
    // Another one, so that the State has two answers to read.
    const other = placements.find((p) => p.attend === 'bailleur' && p !== mine);
    assert.ok(other);
    const status = await page.evaluate(async (id) => {
      const { csrf } = (await (await fetch('/api/session')).json()) as { csrf: string };
      const motif = ((await (await fetch('/api/dalo/placements')).json()) as { motifs: { id: string }[] }).motifs[0]?.id;
      return (await fetch(`/api/dalo/placements/${id}`, { method: 'PUT', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify({ motif, commentaire: '' }) })).status;
    }, other.id);
    assert.equal(status, 204);
  } },
  { menu: true, name: 'a RPEMS proposed', most: [6, 6], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mixité', 'Résidences à enjeu');
    await hand.click(page.locator('section[aria-labelledby=rang] tbody th button').first());
    const sheet = page.getByRole('region', { name: /^Résidence :/ });
    await hand.click(sheet.getByRole('button', { name: 'Proposer' }));
    await hand.choose(sheet.getByLabel('Motif'), await sheet.getByLabel('Motif').locator('option').nth(1).getAttribute('value') ?? '');
    await hand.click(sheet.locator('form').getByRole('button', { name: 'Proposer' }));
    await sheet.getByText(/^Proposée/).first().waitFor();
  } },
  { menu: true, name: 'a commission of thirty files', most: [5, 5], walk: async (hand) => {
    const { page } = hand;
    const { code: siren } = await ask<{ code: string }>(page, '/api/organisation');
    const name = readdirSync(FILES).find((n) => n.startsWith('attributions')) ?? '';
    const { head, rows } = table(name, (r) => r['bailleur_siren'] === siren && (r['date_bail'] ?? '').startsWith('2024'), 30);
    assert.equal(rows.length, 30);
    await hand.go('Mixité', 'Contrôle avant CALEOL');
    await hand.click(page.locator('label', { hasText: 'Une commission' }));
    await hand.give(page.getByLabel('Fichier de la commission', { exact: true }).last(), csv('commission.csv', [head, ...rows].join('\n')));
    await page.getByRole('heading', { name: /30 dossiers contrôlés/ }).waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.getByRole('button', { name: 'Télécharger le résultat' }))]);
    assert.ok((await contentOf(file)).text.split('\n').length > 30);
  } },
];
