// Both themes, help, guided tour, keyboard only.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { shownZone, type Indicator } from './figures';
import { BASE_URL, axeFaults, drawn, get, open, picture, settle, spaced, visit, type Session } from './harness';
import { serve, signIn } from './server';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

const THEMES = [['light', 'clair'], ['dark', 'sombre']] as const;

describe('both themes', () => {
  test('every page is without a fault of accessibility', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I02');
    const pages = {
      carte: `/?indicateur=I02&echelle=commune&zone=commune:${zone.code}`,
      nuage: '/?indicateur=I02&echelle=commune&nuage=I06',
      tableau: '/?indicateur=I02&echelle=commune&vue=tableau',
      mixite: '/mixite',
      aide: '/aide',
      portrait: `/portrait?echelle=commune&code=${zone.code}`,
      organisme: '/organisme',
      connexion: '/connexion',
      integre: '/integre?indicateur=P10',
    };
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(BASE_URL + path);
      for (const [scheme, theme] of THEMES) {
        await page.emulateMedia({ colorScheme: scheme });
        await settle(page);
        assert.equal(await page.evaluate(() => document.documentElement.dataset['theme']), theme, name);
        assert.deepEqual(await axeFaults(page), [], `${name}, ${theme}`);
        await picture(page, `theme-${theme}-${name}`);
      }
    }
    await visit(page, '/?indicateur=I02');
    await page.getByRole('button', { name: 'Montrer' }).click();
    for (const [scheme] of THEMES) {
      await page.emulateMedia({ colorScheme: scheme });
      assert.deepEqual(await axeFaults(page), []);
    }
    await page.keyboard.press('Escape');
  });

  test('the choice of the person wins over that of the computer, and stays', async () => {
    const { page } = session;
    await page.emulateMedia({ colorScheme: 'light' });
    await visit(page, '/');
    const dark = (): Promise<boolean> => page.evaluate(() => getComputedStyle(document.body.querySelector('header') ?? document.body).backgroundColor !== 'rgb(255, 255, 255)');
    assert.equal(await dark(), false);
    await page.getByRole('button', { name: 'Montrer' }).click();
    await page.getByRole('radio', { name: 'Sombre' }).check();
    assert.equal(await dark(), true);
    await page.goto(`${BASE_URL}/aide`);
    await page.locator('main').waitFor();
    assert.equal(await dark(), true);
    await page.evaluate(() => localStorage.removeItem('mosaique.theme'));
  });
});

describe('the pages of the administration', () => {
  test('are without a fault of accessibility in both themes', async () => {
    const on = await serve();
    const admin = await open({});
    try {
      const { page } = admin;
      await signIn(page, on, 'administrateur', '/administration');
      const tabs = await page.locator('nav a[href^="#"]').evaluateAll((links) => links.map((a) => a.getAttribute('href') ?? ''));
      assert.ok(tabs.length >= 5, tabs.join());
      for (const tab of tabs) {
        await page.goto(`${on.base}/administration${tab}`);
        await settle(page);
        for (const [scheme, theme] of THEMES) {
          await page.emulateMedia({ colorScheme: scheme });
          await drawn(page);
          assert.deepEqual(await axeFaults(page), [], `${tab}, ${theme}`);
          await picture(page, `theme-${theme}-administration-${tab.slice(1)}`);
        }
      }
      assert.deepEqual(admin.faults, []);
    } finally {
      await admin.close();
      on.stop();
    }
  });
});

describe('the pages of each role', () => {
  const ROLES = {
    dreal: ['/mixite', '/controle', '/dalo', '/enjeux', '/objectifs', '/organisme'],
    bailleur: ['/depots', '/adresses', '/residences', '/evenements', '/controle', '/dalo', '/enjeux', '/organisme', '/aide'],
    epci: ['/objectifs', '/enjeux', '/mixite'],
  };
  test('are without a fault of accessibility in both themes', async () => {
    const on = await serve();
    const faults: string[] = [];
    try {
      for (const [role, paths] of Object.entries(ROLES)) {
        const visitor = await open({});
        const { page } = visitor;
        await signIn(page, on, role, '/');
        for (const path of paths) {
          await page.goto(on.base + path);
          await settle(page);
          for (const [scheme, theme] of THEMES) {
            await page.emulateMedia({ colorScheme: scheme });
            await drawn(page);
            faults.push(...(await axeFaults(page)).map((fault) => `${role} ${path} (${theme}): ${fault}`));
            if (theme === 'sombre') await picture(page, `sombre-${role}${path.replace('/', '-')}`);
          }
          // What a fold and a row of the page open, if it has any.
          for (const selector of ['main summary', 'main tbody button']) {
            const more = page.locator(selector).first();
            if (!(await more.isVisible().catch(() => false))) continue;
            await more.click();
            await settle(page);
            faults.push(...(await axeFaults(page)).map((fault) => `${role} ${path} (sombre, ${selector}): ${fault}`));
            await picture(page, `sombre-${role}${path.replace('/', '-')}-detail`);
          }
        }
        faults.push(...visitor.faults);
        await visitor.close();
      }
    } finally {
      on.stop();
    }
    assert.deepEqual(faults, []);
  });
});

describe('help', () => {
  test('has every indicator with its definition, found by a word', async () => {
    const { page } = session;
    const indicators = await get<(Indicator & { definition: string })[]>('/api/indicateurs');
    await page.goto(`${BASE_URL}/aide`);
    await page.locator('#indicateurs details').first().waitFor();
    assert.equal(await page.locator('#indicateurs details').count(), indicators.length);
    for (const i of indicators) assert.ok(spaced((await page.locator(`#i-${i.id}`).textContent()) ?? '').includes(spaced(i.definition)), i.id);
    await page.getByRole('searchbox', { name: 'Chercher une définition' }).fill('monoparentales');
    const kept = await page.locator('#indicateurs summary').allInnerTexts();
    assert.ok(kept.length > 0 && kept.length < indicators.length && kept.some((t) => t.startsWith('Familles monoparentales')), kept.join());
  });
});

describe('the guided tour', () => {
  test('comes at the first visit, goes by the keyboard, and never comes again', async () => {
    const first = await open(undefined, true);
    const { page } = first;
    try {
      await visit(page, '/');
      const card = page.getByRole('dialog', { name: 'Choisissez un indicateur' });
      await card.waitFor();
      await picture(page, 'visite-guidee');
      assert.deepEqual(await axeFaults(page), []);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Lisez la carte' }).waitFor();
      await page.keyboard.press('ArrowLeft');
      await card.waitFor();
      await page.keyboard.press('Escape');
      await card.waitFor({ state: 'detached' });
      await page.reload();
      await page.locator('.legend').waitFor();
      await settle(page);
      assert.equal(await page.locator('.tour').count(), 0);
      await page.goto(`${BASE_URL}/?visite`);
      await card.waitFor();
      assert.deepEqual(first.faults, []);
    } finally {
      await first.close();
    }
  });
});

describe('by the keyboard alone', () => {
  test('one chooses an indicator, reads it in the table, opens a zone and leaves it', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&echelle=commune');
    /** Goes on with Tab until the focus is on what is wanted. */
    const reach = async (selector: string): Promise<void> => {
      for (let i = 0; i < 80; i++) {
        if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
        await page.keyboard.press('Tab');
      }
      assert.fail(`${selector} is not reached`);
    };
    await reach('.indicator');
    await page.keyboard.press('Enter');
    await page.keyboard.type('monoparentales');
    await reach('.picker .list button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/indicateur=I08/);
    // From the top again: the table is before the choices.
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await reach('input[name=vue]');
    // Backwards from the first choice comes the last.
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL(/vue=tableau/);
    await settle(page);
    await reach('tbody button');
    await page.keyboard.press('Enter');
    await page.locator('.fiche').waitFor();
    await picture(page, 'clavier-fiche');
    await page.keyboard.press('Escape');
    await page.locator('.fiche').waitFor({ state: 'detached' });
  });

  test('one opens the menu, shows the map and comes back', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&echelle=commune');
    await page.getByRole('button', { name: 'Montrer' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.presenting').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.presenting').waitFor({ state: 'detached' });
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});
