// Accounts from the first one-time password to the audit trail, as people see them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axeFaults, contentOf, open, settle, type Session } from './harness';
import { serve, signIn, type Server } from './server';

let server: Server;
let session: Session;

before(async () => {
  server = await serve();
  session = await open({});
});
after(async () => {
  await session.close();
  server.stop();
});

const go = (path: string): Promise<unknown> => session.page.goto(server.base + path);

const enter = (role: string, path: string): Promise<void> => signIn(session.page, server, role, path);

async function leave(): Promise<void> {
  await session.page.locator('header .end summary').click();
  await session.page.getByRole('button', { name: 'Se déconnecter' }).click();
  await session.page.getByRole('link', { name: 'Se connecter' }).waitFor();
}

const faults = async (): Promise<void> => assert.deepEqual(await axeFaults(session.page), []);

describe('accounts', () => {
  test('the public sees dwellings, and what to do to see more', async () => {
    const { page } = session;
    await go('/');
    await page.locator('.legend').waitFor({ state: 'attached' });
    await settle(page);
    await page.getByRole('link', { name: 'Se connecter' }).waitFor();
    await faults();
    await go('/organisme');
    await page.waitForURL(/connexion/);
    await faults();
  });

  test('a wrong password is refused in words that do not tell whether the account exists', async () => {
    const { page } = session;
    const said: string[] = [];
    for (const courriel of ['epci@demonstration.example', 'personne@ailleurs.example']) {
      await go('/connexion');
      await page.getByLabel('Adresse électronique').fill(courriel);
      await page.getByLabel('Mot de passe', { exact: true }).fill('Pas le bon 12345 !');
      await page.getByRole('button', { name: 'Se connecter' }).click();
      said.push(await page.getByRole('alert').innerText());
    }
    assert.equal(said[0], said[1]);
  });

  test('a weak password is refused with what to do', async () => {
    const { page } = session;
    const account = server.accounts.find((a) => a.role === 'commune');
    assert.ok(account?.mot_de_passe);
    await go('/connexion');
    await page.getByLabel('Adresse électronique').fill(account.courriel);
    await page.getByLabel('Mot de passe', { exact: true }).fill(account.mot_de_passe);
    await page.getByRole('button', { name: 'Se connecter' }).click();
    await page.getByLabel('Mot de passe reçu').fill(account.mot_de_passe);
    await page.getByLabel('Nouveau mot de passe').fill('motdepasse12');
    await page.getByLabel('Le même, encore une fois').fill('motdepasse12');
    await page.getByRole('button', { name: 'Enregistrer et continuer' }).click();
    assert.match(await page.getByRole('alert').innerText(), /mot de passe/i);
    await faults();
    await page.context().clearCookies();
  });

  test('an EPCI sees what its convention opens, manages its members and makes a token', async () => {
    const { page } = session;
    await enter('epci', '/organisme');
    await page.getByRole('heading', { name: 'Ce que voient ses membres' }).waitFor();
    assert.equal(await page.getByText('en vigueur').count(), 1);
    const members = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Membres', exact: true }) });
    await members.getByLabel('Nom').fill('Camille Martin');
    await members.getByLabel('Adresse électronique').fill('camille.martin@epci.example');
    await members.getByRole('button', { name: 'Ajouter' }).click();
    await members.locator('code').waitFor();
    await members.getByRole('button', { name: 'C’est noté' }).click();
    assert.equal(await members.locator('tbody tr').count(), 2);
    const tokens = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Mes jetons', exact: true }) });
    await tokens.getByLabel('À quoi servira-t-il ?').fill('QGIS');
    await tokens.getByRole('button', { name: 'Créer un jeton' }).click();
    const secret = await tokens.locator('.note code').innerText();
    const authorization = `Bearer ${secret}`;
    const answer = await fetch(`${server.base}/api/session`, { headers: { authorization } });
    assert.equal(((await answer.json()) as { courriel: string }).courriel, 'epci@demonstration.example');
    await faults();
    await tokens.getByRole('button', { name: 'Révoquer' }).click();
    await tokens.getByText('révoqué').waitFor();
    await page.screenshot({ path: '../test-output/organisme.png' });
    assert.equal((await fetch(`${server.base}/api/session`, { headers: { authorization } })).status, 401);
    await go('/administration');
    await page.getByText('réservées à l’administration').waitFor();
    await faults();
    await leave();
  });

  test('the administration makes an organisation, an account and a convention, and reads the trail', async () => {
    const { page } = session;
    await enter('administrateur', '/administration');
    await page.getByLabel('Nom de l’organisme').fill('Agence des Trois-Rivières');
    await page.getByLabel('Rôle').selectOption('agence');
    await page.getByRole('button', { name: 'Ajouter' }).click();
    await page.getByRole('cell', { name: 'Agence des Trois-Rivières' }).waitFor();
    await faults();

    await page.getByRole('link', { name: 'Conventions' }).click();
    await page.getByRole('button', { name: 'Nouvelle convention' }).click();
    await page.getByLabel('Titre').fill('Observatoire 2026');
    const places = (await (await fetch(`${server.base}/api/zones?echelle=epci`)).json()) as { zones: { nom: string }[] };
    await page.getByRole('combobox', { name: /territoire/ }).fill(places.zones[0]?.nom ?? '');
    await page.getByRole('option', { name: places.zones[0]?.nom ?? '' }).first().click();
    await page.getByLabel('Agence des Trois-Rivières').check();
    await page.getByRole('button', { name: 'Enregistrer la convention' }).click();
    await page.getByRole('cell', { name: 'Observatoire 2026' }).waitFor();
    await page.screenshot({ path: '../test-output/conventions.png' });
    await faults();

    await page.getByRole('link', { name: 'Comptes', exact: true }).click();
    await page.getByRole('cell', { name: 'camille.martin@epci.example' }).waitFor();
    await faults();
    await page.getByRole('link', { name: 'Données', exact: true }).click();
    await page.getByRole('cell', { name: 'rpls' }).first().waitFor();
    await faults();

    await page.getByRole('link', { name: 'Journal' }).click();
    await page.getByRole('combobox', { name: 'Action', exact: true }).selectOption('convention_creee');
    await settle(page);
    const actions = await page.locator('tbody tr td:nth-child(4)').allInnerTexts();
    assert.ok(actions.length >= 1 && actions.every((a) => a === 'Convention créée'), actions.join());
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Télécharger (CSV)' }).click()]);
    const { name, text } = await contentOf(download);
    assert.match(name, /\.csv$/);
    assert.ok(text.includes('Observatoire 2026') && !text.includes('connexion_refusee'), 'the file follows the filter');
    await page.getByRole('button', { name: 'Vérifier le journal' }).click();
    assert.match(await page.getByRole('status').innerText(), /Journal intact/);
    await page.screenshot({ path: '../test-output/journal.png' });
    await faults();
    await leave();
  });

  test('a session that ended elsewhere leads to sign-in, not to a broken page', async () => {
    const { page } = session;
    await page.context().clearCookies();
    await go('/organisme');
    await page.waitForURL(/\/connexion\?retour=/);
  });
});
