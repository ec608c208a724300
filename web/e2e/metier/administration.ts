// What an administrator brings, makes and changes, to the end.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { eventually } from '../harness';
import type { Task } from '../hand';
import { ask, type Server } from '../server';
import { FILES, table, told } from './files';

/** A dwelling financed by a PLUS, and what the check of an allocation to a household at 60 % of the ceiling says of its income. */
async function underPlus(server: Server): Promise<{ logement: string; verdict: () => Promise<string | undefined> }> {
  const { code } = await told<{ code: string }>(server, 'bailleur', '/api/organisation');
  const { head, rows: [row = ''] } = table('attributions_2024.csv', (r) => r['bailleur_siren'] === code && (r['ident_rep'] ?? '') !== '' && r['financement'] === 'PLUS', 1);
  const logement = row.split(';')[head.split(';').indexOf('ident_rep')] ?? '';
  const asked = { date: '2024-12-20', logement: { ident_rep: logement }, reservataire: 'BAILLEUR', menage: { ressources_mensuelles: 1850, nb_personnes: 3, nb_moins14: 1, pct_plafond: 60 } };
  const verdict = async (): Promise<string | undefined> =>
    (await told<{ regles: { regle: string; verdict: string }[] }>(server, 'bailleur', '/api/attributions/controle', asked)).regles.find((r) => r.regle === 'plafond_ressources')?.verdict;
  return { logement, verdict };
}

export const ADMINISTRATEUR: Task[] = [
  { menu: true, name: 'files brought, what they replace read, one left aside', most: [6, 6], walk: async (hand) => {
    const { page } = hand;
    await hand.click(page.locator('header .end summary').last());
    await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
    await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Données' }));
    await hand.give(page.locator('input[type=file]').first(), [join(FILES, 'seuils_q1.csv')]);
    const card = page.locator('li.card', { hasText: 'seuils_q1.csv' });
    await card.getByText(/seuils du premier quartile/i).first().waitFor({ timeout: 60_000 });
    await hand.click(card.getByRole('button', { name: /Écarter/ }));
    await card.waitFor({ state: 'detached' });
  } },
  { menu: true, name: 'an organisation and an account', most: [10, 10], walk: async (hand) => {
    const { page } = hand;
    await hand.click(page.locator('header .end summary').last());
    await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
    await hand.type(page.getByLabel('Nom de l’organisme'), 'Agence de l’essai');
    await hand.choose(page.getByLabel('Rôle'), 'agence');
    await hand.click(page.getByRole('button', { name: 'Ajouter' }));
    await page.getByRole('cell', { name: 'Agence de l’essai' }).waitFor();
    await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Comptes', exact: true }));
    await hand.choose(page.getByLabel('Organisme', { exact: true }).or(page.locator('form label', { hasText: 'Organisme' }).locator('select')).first(), { label: 'Agence de l’essai (Agence d’urbanisme)' });
    await hand.type(page.getByLabel('Nom', { exact: true }), 'Camille Martin');
    await hand.type(page.getByLabel('Adresse électronique'), 'camille@essai.example');
    await hand.click(page.getByRole('button', { name: 'Ajouter' }));
    await page.locator('.note code').waitFor();
  } },
  { menu: true, name: 'a target changed with its decision', most: [9, 9], walk: async (hand) => {
    const { page } = hand;
    await hand.click(page.locator('header .end summary').last());
    await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
    await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Paramètres' }));
    await hand.type(page.getByLabel('Chercher'), 'hors qpv cible');
    await hand.click(page.getByRole('button', { name: 'Changer regle.hors_qpv_q1.cible' }));
    await hand.type(page.getByLabel('Nouvelle valeur'), '0,30');
    await hand.type(page.getByLabel(/^Motif/), 'CIA signée le 12 mars 2026');
    await hand.click(page.getByRole('button', { name: 'Essayer' }));
    await page.getByRole('status').filter({ hasText: 'Essai' }).waitFor();
    await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
    await page.getByRole('status').filter({ hasText: '0,25 → 0,3' }).waitFor();
  } },
  { menu: true, name: 'the journal read, by what it is about', most: [4, 4], walk: async (hand) => {
    const { page } = hand;
    await hand.click(page.locator('header .end summary').last());
    await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
    await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Journal' }));
    await hand.choose(page.getByRole('combobox', { name: 'Action', exact: true }), 'connexion');
    await eventually(async () => assert.ok((await page.locator('tbody tr td:nth-child(4)').allInnerTexts()).every((a) => a.trim() === 'Connexion')));
  } },
  { menu: true, name: 'a convention between organisations: entered, it opens; ended, it closes', most: [10, 10], walk: async (hand, server) => {
    const { page } = hand;
    interface Mine { nom: string; conventions: { titre: string; territoire: string[] }[]; droits: unknown[] }
    const mine = (): Promise<Mine> => told<Mine>(server, 'agence', '/api/organisation');
    const before = await mine();
    const epci = (await ask<{ zones: { code: string; nom: string }[] }>(page, '/api/zones?echelle=epci')).zones.find((z) => !before.conventions.some((c) => c.territoire.includes(`epci:${z.code}`)));
    assert.ok(epci, 'a territory that no convention opens yet');
    await hand.click(page.locator('header .end summary').last());
    await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
    await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Conventions' }));
    await hand.click(page.getByRole('button', { name: 'Nouvelle convention' }));
    await hand.type(page.getByLabel('Titre'), 'Convention de l’essai');
    await hand.type(page.getByRole('combobox', { name: /territoire/ }), epci.nom);
    await hand.click(page.getByRole('option', { name: epci.nom }).first());
    await hand.click(page.getByLabel(before.nom));
    await hand.click(page.getByRole('button', { name: 'Enregistrer la convention' }));
    const row = page.locator('tbody tr', { hasText: 'Convention de l’essai' });
    await row.getByText('en vigueur').waitFor();
    const during = await mine();
    assert.ok(during.conventions.some((c) => c.titre === 'Convention de l’essai'));
    assert.notDeepEqual(during.droits, before.droits, 'what its signatory may see');
    // It asks first: signatories lose at once what it opens.
    page.once('dialog', (question) => void question.accept());
    await hand.click(row.getByRole('button', { name: 'Mettre fin' }));
    await row.getByText('terminée').waitFor();
    assert.deepEqual((await mine()).droits, before.droits);
  } },
  { menu: true, name: 'a ceiling lowered with its decision: the check of a file follows; given back', most: [9, 9], walk: async (hand, server) => {
    const { page } = hand;
    const path = 'plafond.parts.PLUS';
    const { logement, verdict } = await underPlus(server);
    assert.equal(await verdict(), 'conforme');
    await hand.click(page.locator('header .end summary').last());
    await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
    await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Paramètres' }));
    await hand.type(page.getByLabel('Chercher'), path);
    await hand.click(page.getByRole('button', { name: `Changer ${path}`, exact: true }));
    await hand.type(page.getByLabel('Nouvelle valeur'), '50');
    await hand.type(page.getByLabel(/^Motif/), 'Arrêté de l’essai');
    await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
    await page.getByRole('status').filter({ hasText: '100 → 50' }).waitFor();
    assert.equal(await verdict(), 'contraire', logement);
    page.once('dialog', (dialog) => void dialog.accept());
    await hand.click(page.getByRole('button', { name: `Rendre au programme : ${path}` }));
    await page.getByRole('status').filter({ hasText: '50 → 100, valeur d’origine' }).waitFor();
    assert.equal(await verdict(), 'conforme');
  } },
];
