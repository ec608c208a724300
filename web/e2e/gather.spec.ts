// Preparing a conference: a table of many indicators, then maps, tables and pages gathered in one document.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Chiffre, Valeurs } from '../src/api/client';
import { axeFaults, BASE_URL, contentOf, get, open, picture, readNumber, settle, spaced, type Session } from './harness';
import { onPaper, WIDTHS } from './paper';
import { enter, serve, type Server } from './server';

let server: Server;
let session: Session;
before(async () => {
  [server, session] = [await serve(), await open()];
});
after(async () => {
  await session?.close();
  server?.stop();
});
const [rows, parents] = ['table tbody.zones tr', 'table tbody.parents tr'];

describe('tables', () => {
  test('have the figures of the interface for each zone and for the territories above, sorted as asked', async () => {
    const { page } = session;
    const { zones } = await get<{ zones: { code: string; nom: string }[] }>('/api/zones?echelle=epci');
    const epci = zones[0];
    assert.ok(epci);
    const within = `epci:${epci.code}`;
    await page.goto(`${BASE_URL}/tableaux?dans=${within}&echelle=iris&indicateurs=I02,P10`);
    await page.locator(rows).first().waitFor();
    const [poor, empty] = await Promise.all(['I02', 'P10'].map((id) => get<Valeurs>(`/api/valeurs/iris?indicateur=${id}&dans=${within}`)));
    assert.ok(poor && empty && poor.secret.some(Boolean), 'a secret figure is among them');
    assert.equal(await page.locator(rows).count(), new Set([...poor.codes, ...empty.codes]).size);
    await page.getByRole('button', { name: 'Ménages sous 40 % des plafonds PLUS' }).click();
    assert.match(page.url(), /tri=I02/);
    const seen = await page.locator(rows).evaluateAll((all) => all.map((r) => [...(r as HTMLTableRowElement).cells].map((c) => c.innerText.trim())));
    const expected = poor.valeurs.filter((v, i): v is number => v !== null && !poor.secret[i]).sort((a, b) => b - a);
    assert.deepEqual(seen.slice(0, expected.length).map((r) => readNumber(r[2] ?? '')), expected.map((v) => Math.round(v * 10) / 10));
    for (const [nom, , i02] of seen.slice(expected.length)) assert.match(i02 ?? '', /^(secret|—)$/, nom);
    // The territory itself and those around it are the sheets that the map opens.
    const sheet = await get<{ chiffres: Chiffre[] }>(`/api/zones/epci/${epci.code}?indicateurs=I02,P10`);
    const [own] = await page.locator(parents).evaluateAll((all) => all.map((r) => [...(r as HTMLTableRowElement).cells].map((c) => c.innerText.trim())));
    assert.equal(own?.[0], epci.nom);
    for (const [i, id] of ['I02', 'P10'].entries()) assert.equal(readNumber(own?.[2 + i] ?? ''), Math.round(10 * (sheet.chiffres.find((c) => c.indicateur === id)?.valeur ?? -1)) / 10);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'tableaux');
  });

  test('take other columns, keep them in the address, and go out as CSV without a secret value', async () => {
    const { page } = session;
    await page.goto(`${BASE_URL}/tableaux?echelle=iris&indicateurs=I02`);
    await page.locator(rows).first().waitFor();
    await page.getByRole('searchbox', { name: 'Rechercher un indicateur' }).fill('monoparentales');
    await page.getByRole('checkbox', { name: 'Familles monoparentales' }).check();
    await page.locator('thead th', { hasText: 'Familles monoparentales' }).waitFor();
    assert.match(decodeURIComponent(page.url()), /indicateurs=I02,I08/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    const { name, text } = await contentOf(download);
    assert.match(name, /^mosaique_tableau_/);
    const [head = '', ...lines] = text.replace('\ufeff', '').trim().split('\r\n');
    assert.match(head, /^niveau;code;nom;logements;I02 [^;]+;I02 secret;I08 [^;]+;I08 secret;population;vague;millesime_rpls;filtres$/);
    assert.equal(lines.filter((l) => l.startsWith('zone;')).length, await page.locator(rows).count());
    const secret = lines.map((l) => l.split(';')).filter((c) => c[5] === 'oui');
    assert.ok(secret.length > 0 && secret.every((c) => c[4] === ''));
  });

  test('say what the address asks for and they do not have; filters of the map hold, and can be taken away', async () => {
    const { page } = session;
    await page.goto(`${BASE_URL}/tableaux?f.financement=PLAI&f.couleur=bleu&echelle=lune&indicateurs=P01,XX9,I14&population=RECENTS&parc=a_jour`);
    await page.locator(rows).first().waitFor();
    const said = spaced(await page.getByRole('status').filter({ hasText: 'XX9' }).innerText());
    for (const part of ['« XX9 »', '« lune »', '« couleur »', '« parc »']) assert.ok(said.includes(part), said);
    assert.ok(!page.url().includes('XX9') && page.url().includes('f.financement=PLAI'));
    // Of recent movers alone, their share is 100 % everywhere.
    assert.deepEqual(await page.locator('thead th').allInnerTexts().then((all) => all.map((t) => t.replace(/\s*[↑↓]$/, ''))), ['Commune', 'Logements', 'Logements sociaux']);
    const sum = async (): Promise<number> => (await page.locator(`${rows} td:nth-child(3)`).allInnerTexts()).map(readNumber).reduce((a, b) => a + b, 0);
    const expected = async (filter: string): Promise<number> => (await get<Valeurs>(`/api/valeurs/commune?indicateur=P01${filter}`)).valeurs.reduce<number>((a, b) => a + (b ?? 0), 0);
    assert.equal(await sum(), await expected('&financement=PLAI'));
    await page.locator('.filters').getByRole('button', { name: /^Retirer/ }).click();
    await page.locator('.filters').waitFor({ state: 'detached' });
    await settle(page);
    assert.equal(await sum(), await expected(''));
  });
});

describe('the dossier', () => {
  test('gathers a map, a table and a page, in the order and with the words of who makes it, in one file', async () => {
    const visitor = await open({});
    const { page } = visitor;
    try {
      await enter(page, server, 'epci');
      await page.goto(`${server.base}/dossier`);
      await page.getByText('Rien n’est encore au dossier').waitFor();
      const maker = await page.context().newPage();
      await maker.goto(`${server.base}/tableaux?indicateurs=I02,I08`);
      await maker.locator(rows).first().waitFor();
      const first = await maker.locator(`${rows} th`).first().innerText();
      await maker.getByRole('button', { name: 'Au dossier' }).click();
      await maker.getByText('Ajouté au dossier.').waitFor();
      await maker.goto(`${server.base}/mixite`);
      await maker.locator('main article').first().waitFor();
      await maker.locator('#lignes').waitFor();
      await maker.getByRole('button', { name: 'Au dossier' }).click();
      await maker.getByText('Ajouté au dossier.').waitFor();
      await maker.goto(`${server.base}/?indicateur=I02&echelle=commune`);
      await maker.locator('.legend').waitFor();
      await settle(maker);
      await maker.getByRole('button', { name: 'Montrer' }).click();
      await maker.getByRole('button', { name: 'Ajouter au dossier' }).click();
      await maker.getByText('La carte est ajoutée au dossier.').waitFor();

      // The window that was left open shows what another gathered, and what it writes loses none of it.
      const titles = page.locator('.piece h3');
      await titles.nth(2).waitFor();
      await page.getByRole('button', { name: /^Monter : / }).nth(2).click();
      await page.getByRole('button', { name: /^Monter : / }).nth(1).click();
      await page.getByRole('textbox', { name: 'Titre du dossier' }).fill('Conférence de décembre');
      await page.getByRole('textbox', { name: 'Titre de la pièce' }).nth(2).fill('La mixité en 2024');
      await page.getByRole('textbox', { name: 'Commentaire' }).first().fill('À lire avec la carte des QPV.');
      await page.keyboard.press('Tab');
      assert.deepEqual(await axeFaults(page), []);
      // Each chart of a page has its name with it; what is at the foot of every page is in none.
      const charts = page.locator('.piece figure', { has: page.locator('figcaption') });
      assert.ok((await charts.count()) > 3);
      for (const figure of await charts.all()) assert.equal(await figure.locator('img').count(), 1);
      assert.equal(await page.locator('.piece .content', { hasText: 'Mentions légales' }).count(), 0);
      await page.reload();
      await titles.nth(2).waitFor();
      assert.match(await titles.first().innerText(), /^1\. Ménages sous 40\s%/);
      assert.equal(await titles.nth(2).innerText(), '3. La mixité en 2024');
      const image = page.locator('.piece img').first();
      assert.ok(await image.evaluate((i: HTMLImageElement) => i.complete && i.naturalWidth > 1000), 'the map is drawn');
      await picture(page, 'dossier');
      const { faults } = await onPaper(page, WIDTHS.landscape, 'dossier');
      assert.deepEqual(faults, []);

      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Fichier HTML' }).click()]);
      const { name, text } = await contentOf(download);
      assert.match(name, /^mosaique_dossier_conference-de-decembre_.*\.html$/);
      // Read where nothing else is: what it holds is all that it needs.
      await page.goto('about:blank');
      await page.setContent(text);
      assert.equal(await page.locator('section').count(), 3);
      await page.getByText('À lire avec la carte des QPV.').waitFor();
      await page.getByRole('cell', { name: first }).first().waitFor();
      assert.match(await page.locator('footer').innerText(), /CA du Val d'Orme/);
      assert.equal(await page.locator('button, form, script').count(), 0);
      await page.screenshot({ path: `${import.meta.dirname}/../../test-output/captures/dossier-fichier.png`, fullPage: true });

      // Nobody who comes next to this computer finds it.
      await page.goto(`${server.base}/aide`);
      await page.getByRole('banner').locator('summary[title*="CA du Val"], [title*="CA du Val"] summary').first().click();
      await page.getByRole('button', { name: /Se déconnecter/ }).click();
      await page.waitForURL((url) => url.pathname === '/');
      const left = await page.evaluate(async () => (await indexedDB.databases()).map((base) => base.name));
      assert.ok(!left.includes('mosaique.dossier'), left.join());
      assert.deepEqual(visitor.faults.filter((f) => !/40[13]/.test(f)), []);
    } finally {
      await visitor.close();
    }
  });
});
