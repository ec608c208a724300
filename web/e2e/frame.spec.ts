// The frame of the pages: skip link, drawers, sheets that take the focus, the end of a session, addresses that lead nowhere.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { shownZone } from './figures';
import { BASE_URL, axeFaults, eventually, open, picture, settle, spaced, visit, type Session } from './harness';
import { enter, PASSWORD, serve, type Server } from './server';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');

describe('by the keyboard', () => {
  test('the first Tab offers to skip to the content', async () => {
    const { page } = session;
    for (const path of ['/?indicateur=I01', '/aide']) {
      await page.goto('about:blank');
      await page.goto(BASE_URL + path);
      await page.locator('main#contenu').waitFor();
      await settle(page);
      await page.keyboard.press('Tab');
      assert.equal(await focused(page), 'Aller au contenu', path);
      await page.keyboard.press('Enter');
      assert.ok(await page.evaluate(() => document.activeElement?.id === 'contenu'), path);
    }
  });

  test('a sheet takes the focus and gives it back', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&echelle=commune&vue=tableau');
    const row = page.locator('.twin tbody button').first();
    const name = await row.innerText();
    await row.focus();
    await page.keyboard.press('Enter');
    await page.locator('.fiche').waitFor();
    await settle(page);
    assert.equal(await focused(page), `Fiche : ${name}`);
    assert.equal(spaced(await page.locator('[aria-live=polite]', { hasText: 'Fiche ouverte' }).innerText()), `Fiche ouverte : ${name}`);
    await page.keyboard.press('Escape');
    await page.locator('.fiche').waitFor({ state: 'detached' });
    assert.equal(await focused(page), name);
  });
});

describe('on a phone', () => {
  test('one chooses an indicator, finds a commune, reads its sheet over the map and closes it', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I02');
    await page.setViewportSize({ width: 375, height: 740 });
    await visit(page, '/?indicateur=I01');
    const choices = page.getByRole('button', { name: 'Choix' });
    await choices.click();
    await page.getByRole('complementary', { name: 'Choix de la carte' }).getByRole('button', { name: /Changer/ }).click();
    await page.keyboard.type('monoparentales');
    await page.locator('.picker .list button').first().click();
    await page.waitForURL(/indicateur=I08/);
    await picture(page, 'telephone-choix');
    assert.deepEqual(await axeFaults(page), []);
    await page.keyboard.press('Escape');
    assert.ok((await focused(page)).includes('Choix'));

    await choices.click();
    await page.getByRole('combobox', { name: 'Chercher un territoire' }).fill(zone.nom);
    await page.getByRole('listbox').getByRole('option').first().click();
    await page.locator('.fiche').waitFor();
    await settle(page);
    await picture(page, 'telephone-fiche');
    const sheet = await page.locator('.sheet').boundingBox();
    assert.ok(sheet && sheet.y > 300, 'the map keeps the upper part of the screen');
    await page.getByRole('button', { name: 'Agrandir le panneau' }).click();
    await eventually(async () => assert.ok(((await page.locator('.sheet').boundingBox())?.y ?? 999) < 120, 'the sheet takes the screen'));
    await picture(page, 'telephone-fiche-haute');
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: 'Fermer la fiche' }).click();
    await page.locator('.fiche').waitFor({ state: 'detached' });
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('the menu of pages opens from one button', async () => {
    const { page } = session;
    await page.setViewportSize({ width: 375, height: 740 });
    await page.goto(`${BASE_URL}/aide`);
    await settle(page);
    await page.locator('header summary').first().click();
    const nav = page.getByRole('navigation', { name: 'Pages' });
    await nav.getByRole('link', { name: 'Objectifs de mixité' }).waitFor();
    await picture(page, 'telephone-menu');
    assert.deepEqual(await axeFaults(page), []);
    await nav.getByRole('link', { name: 'Objectifs de mixité' }).click();
    await page.waitForURL(/\/mixite/);
    await page.setViewportSize({ width: 1280, height: 800 });
  });
});

describe('an address', () => {
  test('without a page says so, with the pages that there are', async () => {
    const { page } = session;
    await page.goto(`${BASE_URL}/mixitee`);
    await page.getByRole('heading', { name: 'Il n’y a pas de page à cette adresse' }).waitFor();
    assert.ok((await page.locator('main').getByRole('link').count()) >= 3);
    assert.deepEqual(await axeFaults(page), []);
  });

  test('with an indicator, a scale or a filter that does not exist says which, and shows the map without', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=ZZ99&echelle=quartier&f.couleur=bleu');
    const said = spaced(await page.getByRole('status').filter({ hasText: 'ZZ99' }).innerText());
    for (const part of ['« ZZ99 »', '« quartier »', '« couleur »']) assert.ok(said.includes(part), said);
    await page.locator('.legend').waitFor();
  });
});

describe('a session', () => {
  let on: Server;
  before(async () => void (on = await serve()));
  after(() => on.stop());

  test('that ended is told where an account is needed, and one comes back to the very page', async () => {
    const visitor = await open({});
    const { page } = visitor;
    try {
      await enter(page, on, 'epci');
      await page.goto(`${on.base}/mixite`);
      await settle(page);
      await page.context().clearCookies();
      await page.goto(`${on.base}/mixite?par=commune`);
      await page.waitForURL(/\/connexion\?/);
      await page.getByText('Votre session a expiré').waitFor();
      await picture(page, 'session-expiree');
      assert.deepEqual(await axeFaults(page), []);
      await page.getByLabel('Adresse électronique').fill(on.accounts.find((a) => a.role === 'epci')?.courriel ?? '');
      await page.getByLabel('Mot de passe', { exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Se connecter' }).click();
      await page.waitForURL(`${on.base}/mixite?par=commune`);

      // On a public page: told, without taking the page away.
      await page.goto(`${on.base}/?indicateur=I01`);
      await settle(page);
      await page.context().clearCookies();
      await page.reload();
      await page.getByRole('alert').filter({ hasText: 'Votre session a expiré' }).waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await page.getByRole('button', { name: 'Continuer sans compte' }).click();
      await page.getByRole('link', { name: 'Se connecter' }).waitFor();
      await settle(page);
      assert.equal(await page.getByText('Votre session a expiré').count(), 0);
    } finally {
      await visitor.close();
    }
  });
});
