// What a DDETS officer answers, asks and takes to the prefect.
import assert from 'node:assert/strict';
import { contentOf, readNumber } from '../harness';
import { seen, type Task } from '../hand';
import { csv, table } from './files';

export const DDETS: Task[] = [
  { name: 'what is new since the last visit', most: [2, 2], walk: async (hand) => {
    const { page } = hand;
    if (hand.narrow) {
      await hand.click(page.locator('summary[title="Pages"]'));
      await hand.click(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /DALO et QPV.*en attente/ }));
    } else {
      await page.locator('nav summary .fresh').waitFor();
      await hand.go('Mixité', 'DALO et QPV');
    }
    await page.locator('section[aria-labelledby=liste] tbody tr', { hasText: /nouveau/i }).first().waitFor();
  } },
  { menu: true, name: 'a reason contested, another accepted, a lessor reminded', most: [8, 8], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mixité', 'DALO et QPV');
    const rows = page.locator('section[aria-labelledby=liste] tbody tr');
    const given = rows.filter({ has: page.getByRole('button', { name: 'Contester' }) }).first();
    await hand.click(given.getByRole('button', { name: 'Contester' }));
    await hand.type(page.getByLabel('Pourquoi'), 'Le bail précédent était ailleurs.');
    await hand.click(page.locator('section[aria-labelledby=liste] form').getByRole('button', { name: 'Contester' }));
    await rows.getByText('Contesté', { exact: true }).first().waitFor();
    const other = rows.filter({ has: page.getByRole('button', { name: 'Accepter' }) }).first();
    await hand.click(other.getByRole('button', { name: 'Accepter' }));
    await rows.getByText('Accepté', { exact: true }).first().waitFor();
    await hand.click(rows.getByRole('button', { name: 'Relancer' }).last());
    await rows.getByText('Relance', { exact: true }).first().waitFor();
  } },
  { menu: true, name: 'the share of the flow out of the QPV', most: [2, 2], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mixité', 'Gestion en flux');
    await page.getByText(/baux du flux hors QPV/).first().waitFor();
    await page.locator('article', { hasText: 'Dont en QPV' }).first().waitFor();
  } },
  { menu: true, name: 'leases of DALO households on the map', most: [2, 2], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mixité', 'DALO et QPV');
    await seen(page, page.locator('main .maplibregl-map, main .map canvas'));
  } },
  { menu: true, name: 'a file of five hundred addresses', most: [5, 5], walk: async (hand) => {
    const { page } = hand;
    const all = table('rpls_2024.csv', (r) => (r['NOMVOIE'] ?? '') !== '' && !Object.values(r).some((c) => c.includes('"')));
    const { head } = all;
    const rows = all.rows.filter((_, i) => i % 37 === 0).slice(0, 500);
    assert.equal(rows.length, 500);
    const titles = head.split(';');
    const kept = ['IDENT_REP', 'NUMVOIE', 'TYPVOIE', 'NOMVOIE', 'CODEPOSTAL', 'LIBCOM'].map((t) => titles.indexOf(t));
    assert.ok(kept.every((i) => i >= 0));
    const text = [head, ...rows].map((l) => kept.map((i) => l.split(';')[i]).join(';')).join('\n');
    await hand.go('Occupation', 'Un fichier d’adresses');
    await hand.give(page.getByLabel('Fichier d’adresses', { exact: true }).last(), csv('adresses.csv', text));
    await hand.click(page.getByRole('button', { name: 'Situer ces adresses' }));
    await page.getByRole('heading', { name: /adresses? sur 500 dans un QPV 2024/ }).waitFor({ timeout: 60_000 });
    const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.getByRole('button', { name: 'Télécharger le fichier complété' }))]);
    const back = (await contentOf(file)).text.trim().split(/\r?\n/);
    assert.equal(back.length, 501);
    const words = back.slice(1).map((l) => l.split(';')[back[0]?.split(';').indexOf('qpv2024') ?? -1] ?? '');
    const inside = words.filter((w) => w === 'dedans').length;
    assert.ok(inside > 0 && words.filter((w) => w === 'dehors').length > 0, `${inside} inside`);
    assert.equal(readNumber(await page.locator('#fa-bilan').innerText()), inside);
  } },
  { menu: true, name: 'the list for the prefect, printed', most: [2, 2], walk: async (hand) => {
    const { page } = hand;
    await hand.go('Mixité', 'DALO et QPV');
    await page.locator('section[aria-labelledby=liste] tbody tr').first().waitFor();
    assert.ok((await page.pdf({ preferCSSPageSize: true })).length > 10_000);
  } },
];
