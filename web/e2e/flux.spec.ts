// Gestion en flux: the page says what the HTTP interface says; parts are reached by their links; axe finds nothing.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BASE_URL, axeFaults, fits, follow, get, open, picture, readNumber, settle, type Session } from './harness';

interface Counts { orientation: number; caleol: number; bail: number }
interface Follow { annee: number; lignes: { reservataire_nom: string; objectif: number | null; comptes: Counts }[]; ensemble: { comptes: Counts } }
interface Year { calcul: { assiette: number; parts: { logements: number }[] }; communes: { nom: string; de_trop: number }[] }
interface Mapped { total: number; en_qpv: number; sans_lieu: number; reservataires: { code: string }[]; lieux: { parts: { reservataire: string; nombre: number; en_qpv: number }[] }[] }
interface Sheet { lignes: { baux: number; dalo: number | null; q1: number | null }[] }

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

async function part(id: string): Promise<void> {
  await session.page.goto('about:blank');
  await session.page.goto(`${BASE_URL}/flux#${id}`);
  await session.page.locator('main table').first().waitFor();
  await settle(session.page);
}

describe('the page of gestion en flux', () => {
  test('is reached from the map and counts in the three ways as the interface does', async () => {
    const { page } = session;
    await page.goto(BASE_URL);
    await follow(page, 'Mixité', 'Gestion en flux');
    await page.locator('main table').first().waitFor();
    const told = await get<Follow>('/api/flux/suivi');
    const values = await page.locator('main article .value').allInnerTexts();
    assert.deepEqual(values.slice(0, 3).map(readNumber), [told.ensemble.comptes.orientation, told.ensemble.comptes.caleol, told.ensemble.comptes.bail]);
    assert.equal(await page.locator('section[aria-labelledby=flux-lignes] tbody tr').count(), told.lignes.length + 1);
    await picture(page, 'flux-suivi');
  });

  test('a year is calculated line by line, and tried otherwise without being kept', async () => {
    const { page } = session;
    await part('calcul');
    const year = await get<Year>('/api/flux/calcul');
    const total = year.calcul.parts.reduce((s, p) => s + p.logements, 0);
    assert.equal(readNumber(await page.locator('section[aria-labelledby=calc-parts] tbody tr').last().locator('td').nth(4).innerText()), total);
    await page.getByLabel(/^Taux de relocation/).fill('12');
    await page.getByRole('columnheader', { name: 'Essai' }).first().waitFor();
    assert.deepEqual(await get<Year>('/api/flux/calcul'), year);
  });

  test('counts of few households are secret in a balance sheet', async () => {
    await part('bilan');
    const sheet = await get<Sheet>('/api/flux/bilan');
    const hidden = sheet.lignes.flatMap((l) => [l.dalo, l.q1]).filter((n) => n === null).length;
    assert.ok(hidden > 0, 'a demonstration without a secret would prove nothing');
    assert.equal(await session.page.locator('main .quiet').count(), hidden);
    assert.ok(sheet.lignes.every((l) => [l.dalo, l.q1].every((n) => n === null || n === 0 || n >= 11)));
  });

  test('the map says what the follow-up counts, and its table what its circles are', async () => {
    const { page } = session;
    await part('carte');
    const told = await get<Mapped>('/api/flux/carte');
    const follow = await get<{ ensemble: { comptes: { bail: number } } }>('/api/flux/suivi');
    assert.equal(told.total, follow.ensemble.comptes.bail);
    const sum = (): Promise<number> => page.locator('.sum strong').innerText().then(readNumber);
    assert.equal(await sum(), told.total - told.sans_lieu);
    await page.locator('.map.drawn').waitFor();
    const rows = page.locator('section[aria-labelledby=flux-carte] tbody tr');
    assert.equal(await rows.count(), told.lieux.length);
    await picture(page, 'flux-carte');
    await page.getByRole('radio', { name: 'En QPV', exact: true }).check({ force: true });
    assert.equal(await sum(), told.en_qpv);
    await page.getByRole('radio', { name: 'Hors QPV', exact: true }).check({ force: true });
    assert.equal(await sum(), told.total - told.en_qpv);
    await page.getByLabel('Réservataire').selectOption({ index: 1 });
    const first = told.reservataires[0]?.code;
    const of = told.lieux.flatMap((l) => l.parts).filter((p) => p.reservataire === first).reduce((s, p) => s + p.nombre - p.en_qpv, 0);
    assert.equal(await sum(), of);
    await page.getByLabel('Montrer').selectOption('en_cours');
    await page.getByRole('heading', { name: 'Logements en cours', level: 3 }).waitFor();
    assert.match(page.url(), /quoi=en_cours.*#carte/);
  });

  for (const id of ['suivi', 'carte', 'fiche', 'conventions', 'calcul', 'logements', 'etat', 'equite', 'bilan']) {
    test(`axe finds no fault in « ${id} », nothing is wider than a telephone`, async () => {
      const { page } = session;
      await part(id);
      assert.deepEqual(await axeFaults(page), []);
      await page.setViewportSize({ width: 375, height: 800 });
      await settle(page);
      await fits(page);
      await picture(page, `flux-${id}-375`);
      await page.setViewportSize({ width: 1280, height: 800 });
    });
  }

  test('the browser saw no fault', () => assert.deepEqual(session.faults, []));
});
