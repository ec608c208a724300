// The main tasks without a pointer (RGAA 7.3): territory, indicator, wave, class, filter, sheet, explanation, comparison, export.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ListedZone } from './figures';
import { contentOf, get, open, settle, visit, type Session } from './harness';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

/** Presses Tab until the element in focus says so; the way a person without a mouse reaches it. */
async function tabTo(name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab', most = 90): Promise<void> {
  const { page } = session;
  for (let i = 0; i < most; i += 1) {
    const said = await page.evaluate(() => {
      const e = document.activeElement as HTMLElement | null;
      if (e === document.body) return '';
      const labels = (e as HTMLInputElement | null)?.labels;
      return [e?.getAttribute('aria-label'), ...(labels ? [...labels].map((l) => l.textContent) : []), e?.textContent].filter(Boolean).join(' ').replace(/\s+/g, ' ').trim();
    });
    if (name.test(said)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} never reaches ${name}`);
}

test('from the territory to the exported sheet, by the keyboard alone', async () => {
  const { page } = session;
  const [first, second] = (await get<{ zones: ListedZone[] }>('/api/zones?echelle=commune')).zones;
  assert.ok(first && second);
  await visit(page, '/?indicateur=I01');

  await tabTo(/Chercher un territoire/);
  await page.keyboard.type(first.code);
  await page.locator('[role=option]').first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.fiche h2', { hasText: first.nom }).waitFor();

  // The sheet took the focus: the choices are behind.
  await tabTo(/Changer d’indicateur/, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.type('monoparentales');
  await tabTo(/onoparental/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/indicateur=(?!I01)/);

  await tabTo(/Comparer à une autre enquête/);
  await page.keyboard.press('ArrowDown');
  await page.waitForURL(/vague2=/);

  await tabTo(/^Financement/);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.waitForURL(/f\.financement=/);

  await tabTo(/Comparer à un autre territoire/);
  await page.keyboard.type(second.code);
  await page.locator('[role=option]').first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.fiche thead .ref', { hasText: second.nom }).waitFor();

  await tabTo(/^Comment ce chiffre est-il calculé/);
  await page.keyboard.press('Enter');
  await page.locator('.explain').waitFor();

  await tabTo(/^CSV$/, 'Tab', 200);
  const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.match((await contentOf(file)).text, /indicateur;libelle/);

  await page.keyboard.press('Escape');
  await page.locator('.fiche').waitFor({ state: 'detached' });
  await settle(page);
  assert.deepEqual(session.faults, []);
});
