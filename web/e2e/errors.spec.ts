// What goes wrong is said in French, with what to do, and no stale figure stays on the page.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BASE_URL, open, settle, visit, type Session } from './harness';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

describe('when the server', () => {
  test('refuses a question, its reason is shown, the legend goes, and trying again brings the figures back', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&echelle=commune');
    const detail = 'La population « X » n’existe pas.';
    await page.route('**/api/valeurs/**', (route) => route.fulfill({ status: 400, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Refus', status: 400, detail }) }));
    await page.getByRole('radio', { name: 'Emménagés récents' }).check();
    await page.getByRole('alert').filter({ hasText: detail }).waitFor();
    assert.equal(await page.locator('.legend').count(), 0);
    await page.unroute('**/api/valeurs/**');
    await page.getByRole('button', { name: 'Réessayer' }).click();
    await page.locator('.legend').waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
  });

  test('does not know the zone of an address, the sheet says so', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&zone=commune:00000');
    await page.locator('.fiche').getByRole('alert').waitFor();
    assert.doesNotMatch(await page.locator('.fiche').innerText(), /\d\s%/);
  });

  test('does not answer at all, the page says what to do and starts once it does', async () => {
    const { page } = session;
    await page.route('**/api/catalogue', (route) => route.abort());
    await page.goto('about:blank');
    await page.goto(`${BASE_URL}/`);
    await page.getByRole('alert').filter({ hasText: 'Le serveur ne répond pas' }).waitFor();
    await page.unroute('**/api/catalogue');
    await page.getByRole('button', { name: 'Réessayer' }).click();
    await page.locator('.legend').waitFor();
    await settle(page);
  });
});
