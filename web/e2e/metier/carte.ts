// What an EPCI officer draws, compares, prints and sends from the map; what an elected official shows on a projector.
import assert from 'node:assert/strict';
import { eventually, onScreen, open, settle } from '../harness';
import { seen, type Task } from '../hand';
import { ask, enter } from '../server';

export const EPCI: Task[] = [
  { name: 'one indicator by residence', most: [1, 3], walk: async (hand) => {
    const { page } = hand;
    await hand.choices();
    await hand.choose(page.locator('label', { hasText: 'Échelle' }).locator('select'), 'residence');
    await hand.away();
    await page.locator('.legend .sub', { hasText: 'par résidence' }).waitFor();
  } },
  { name: 'the perimeter of a renewal drawn, its figures beside those of the EPCI', most: [3, 3], walk: async (hand, server) => {
    const { page } = hand;
    const [zone] = (await ask<{ zones: { code: string; logements: number; centre: [number, number] }[] }>(page, '/api/zones?echelle=qpv2024')).zones.sort((a, b) => b.logements - a.logements);
    assert.ok(zone);
    await page.goto('about:blank');
    await page.goto(`${server.base}/?indicateur=I02&echelle=commune#14/${zone.centre[1]}/${zone.centre[0]}`);
    await page.locator('.legend').waitFor();
    await settle(page);
    if (await page.locator('.legend:not(.folded) .fold').count()) await page.locator('.legend .fold').click();
    const at = await onScreen(page, ...zone.centre);
    // Beside the sheet, which opens with the pen; above it on a phone.
    const half = hand.narrow ? 70 : 130;
    if (hand.narrow) at.y -= 160;
    else at.x -= 140;
    await hand.click(page.getByRole('button', { name: 'Rectangle' }));
    await page.locator('[role=toolbar] [aria-pressed=true]').waitFor();
    const corner = async (dx: number, dy: number): Promise<void> => {
      await page.mouse.move(at.x + dx * half, at.y + dy * half, { steps: 6 });
      await page.mouse.click(at.x + dx * half, at.y + dy * half);
      hand.done += 1;
    };
    await corner(-1, -1);
    await corner(1, 1);
    await page.locator('.fiche .gaps li', { hasText: 'par rapport à CA du Val' }).first().waitFor();
    await page.getByTestId('valeur').waitFor();
    await settle(page);
    await page.evaluate(() => localStorage.removeItem('mosaique.zones'));
  } },
  { name: 'territories like one’s own commune, compared', most: [4, 5], walk: async (hand) => {
    const { page } = hand;
    await hand.find('Arzay', /Arzay/);
    await hand.click(page.getByRole('button', { name: 'Les chercher' }));
    const section = page.locator('section[aria-labelledby=comparables]');
    await section.locator('ol li').first().waitFor();
    assert.match(await section.locator('ol li p').first().innerText(), /Presque égaux|Proche en moyenne/);
    await hand.click(section.getByRole('button', { name: /^Comparer/ }));
    await eventually(async () => assert.equal(await page.locator('.drawer thead input').count(), 4, 'the commune and three like it'));
    await page.locator('.drawer tbody tr', { hasText: 'Part de PLAI' }).first().waitFor();
    await page.evaluate(() => localStorage.removeItem('mosaique.zones'));
  } },
  { name: 'the portraits of all communes', most: [6, 7], walk: async (hand) => {
    const { page } = hand;
    await hand.find('Val d', /CA du Val d/);
    await seen(page, page.locator('.fiche h2', { hasText: 'CA du Val d' }));
    await hand.click(page.getByRole('button', { name: 'Montrer', exact: true }));
    await hand.click(page.getByRole('link', { name: 'Portrait de la zone' }));
    await hand.click(page.locator('summary', { hasText: 'PDF accessible' }));
    const [file] = await Promise.all([page.waitForEvent('download', { timeout: 120_000 }), hand.click(page.getByRole('button', { name: /^Toutes les communes/ }).first())]);
    assert.match(file.suggestedFilename(), /\.zip$/);
  } },
  { name: 'a link that shows a colleague the same view', most: [4, 5], walk: async (hand, server) => {
    const { page } = hand;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.base });
    await hand.choices();
    await hand.choose(page.locator('label', { hasText: 'Échelle' }).locator('select'), 'iris');
    await hand.away();
    await page.locator('.legend .sub', { hasText: 'par IRIS' }).waitFor();
    await settle(page);
    await hand.click(page.getByRole('button', { name: 'Montrer', exact: true }));
    await hand.click(page.getByRole('button', { name: 'Copier le lien' }));
    await page.getByText(/lien vers cette carte.*copié/).first().waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const [title, sub] = [await page.locator('.legend h2').innerText(), await page.locator('.legend .sub').innerText()];
    const colleague = await open({});
    try {
      await enter(colleague.page, server, 'ddets');
      await colleague.page.goto(link);
      await colleague.page.locator('.legend .sub', { hasText: 'par IRIS' }).waitFor();
      assert.deepEqual([await colleague.page.locator('.legend h2').innerText(), await colleague.page.locator('.legend .sub').innerText()], [title, sub]);
    } finally {
      await colleague.close();
    }
  } },
];

export const COMMUNE: Task[] = [
  { name: 'on the projector: what a colour is, and my commune among its neighbours', most: [4, 8], walk: async (hand) => {
    const { page } = hand;
    await hand.find('Orme-sur-Sereine', /Orme-sur-Sereine/);
    await page.locator('.fiche').waitFor();
    await hand.click(page.getByRole('button', { name: 'Montrer', exact: true }));
    await hand.click(page.getByRole('button', { name: /Plein écran|Présenter|Projeter/ }).first());
    const out = page.getByRole('button', { name: /^Quitter/ });
    await out.waitFor();
    await page.getByTestId('valeur').waitFor();
    if (hand.narrow) {
      // The sheet covers the lower half of a phone, and what colours mean is folded under the title of the map.
      await hand.click(page.getByRole('button', { name: 'Fermer la fiche' }));
      await hand.click(page.getByRole('button', { name: 'Déplier la légende' }));
    }
    await page.locator('.legend ol li').first().waitFor();
    if (hand.narrow) await hand.click(out);
    else await page.keyboard.press('Escape');
    await page.locator('header').first().waitFor();
  } },
];
