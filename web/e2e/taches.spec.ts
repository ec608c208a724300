// The tasks that people bring, walked from the first page as each role, in a usual window and on a phone, counting what the hand does.
// A task that needs more than it is given here has become longer for those who do it every week.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readNumber } from './harness';
import { seen, walk, WIDTHS, type Task } from './hand';
import { ask, serve, type Server } from './server';

let server: Server;
before(async () => void (server = await serve()));
after(() => server.stop());

const TASKS: Record<string, Task[]> = {
  epci: [
    { name: 'open on one’s own territory', most: [0, 0], walk: async ({ page }) => {
      assert.equal(await page.locator('header h1').innerText(), 'CA du Val d\'Orme');
      assert.match(page.url(), /dans=epci/);
    } },
    { name: 'one indicator by IRIS', most: [4, 6], walk: async (hand) => {
      const { page } = hand;
      await hand.choices();
      await hand.click(page.getByRole('button', { name: /Changer d’indicateur/ }));
      await hand.type(page.getByRole('searchbox', { name: 'Rechercher un indicateur' }), 'monoparentales');
      await hand.click(page.getByRole('button', { name: /^Familles monoparentales/ }).first());
      await hand.choose(page.locator('label', { hasText: 'Échelle' }).locator('select'), 'iris');
      await hand.away();
      await page.locator('.legend .sub', { hasText: 'par IRIS' }).waitFor();
      await page.locator('.legend h2', { hasText: 'Familles monoparentales' }).waitFor();
    } },
    { name: 'two waves beside each other', most: [2, 4], walk: async (hand) => {
      const { page } = hand;
      await hand.choices();
      await hand.choose(page.getByLabel('Comparer à une autre enquête'), '2022');
      await hand.click(page.locator('label', { hasText: 'Deux cartes' }));
      await hand.away();
      await seen(page, page.getByRole('region', { name: 'Carte de l’enquête 2022' }));
    } },
    { name: 'the portrait of a commune', most: [4, 5], walk: async (hand) => {
      const { page } = hand;
      await hand.find('Arzay', /Arzay/);
      await seen(page, page.getByRole('heading', { name: 'Arzay' }));
      await hand.click(page.getByRole('button', { name: 'Montrer' }));
      await hand.click(page.getByRole('link', { name: 'Portrait de la zone' }));
      await seen(page, page.getByRole('heading', { name: 'Chiffres clés' }));
    } },
    { menu: true, name: 'the ten most fragile residences out of the QPV', most: [3, 5], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'Résidences à enjeu');
      await seen(page, 'main table tbody tr');
      await hand.choices();
      await hand.click(page.locator('label', { hasText: 'Hors QPV' }));
      await hand.away();
      await page.waitForFunction(() => !/QPV/.test(document.querySelector('main table tbody')?.textContent ?? 'QPV'));
      assert.ok((await page.locator('main table tbody tr').count()) >= 10);
    } },
    { menu: true, name: 'who must do how many more, by lessor', most: [2, 2], walk: async (hand) => {
      await hand.go('Mixité', 'Objectifs de mixité');
      await seen(hand.page, hand.page.getByText(/Il manque \d+ attributions?/));
      assert.ok((await hand.page.locator('main table tbody tr').count()) > 2, 'a line a lessor');
    } },
    { menu: true, name: 'a rate of the agreement', most: [3, 3], walk: async (hand) => {
      await hand.go('Mixité', 'Objectifs de la CIA');
      await hand.click(hand.page.getByRole('button', { name: 'Fixer un taux' }));
      await seen(hand.page, hand.page.getByLabel('Convention ou avenant'));
    } },
    { name: 'all figures of all communes in a workbook', most: [3, 3], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('label[title="Tableau"]'));
      await hand.click(page.locator('summary', { hasText: 'Tous les chiffres' }));
      const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.locator('.panel button', { hasText: /Classeur/ }))]);
      assert.match(file.suggestedFilename(), /\.xlsx$/);
    } },
    { name: 'a map in the document of the conference', most: [4, 4], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.getByRole('button', { name: 'Montrer' }));
      await hand.click(page.getByRole('button', { name: 'Ajouter au dossier' }));
      await page.getByText('La carte est ajoutée au dossier.').waitFor({ timeout: 40_000 });
      await hand.go('Occupation', 'Dossier');
      await seen(page, page.locator('img[alt^="Carte :"]'));
    } },
    { name: 'the same view tomorrow', most: [4, 4], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('summary[title="Mes vues"]'));
      await hand.type(page.getByLabel('Garder cette vue sous le nom'), 'Demain');
      await hand.click(page.getByRole('button', { name: 'Garder', exact: true }));
      await seen(page, page.getByRole('link', { name: /^Demain/ }));
      const address = page.url();
      await page.goto(`${server.base}/aide`);
      await page.locator('summary[title="Mes vues"]').click();
      await hand.click(page.getByRole('link', { name: /^Demain/ }));
      // The place on the map may have moved a hair since; what is shown has not.
      const shown = (href: string): string => href.split('#', 1)[0] ?? '';
      await page.waitForURL((url) => shown(url.href) === shown(address), { waitUntil: 'commit', timeout: 60_000 });
    } },
  ],
  ddets: [
    { menu: true, name: 'placements to justify, as CSV', most: [3, 3], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'DALO et QPV');
      await seen(page, page.getByRole('heading', { name: /placements? (à justifier|justifié)/ }));
      const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.locator('section', { has: page.locator('#liste') }).getByRole('button', { name: 'CSV' }))]);
      assert.match(file.suggestedFilename(), /placements-a-justifier/);
    } },
    { menu: true, name: 'the State’s share and what is missing', most: [2, 2], walk: async (hand) => {
      await hand.go('Mixité', 'Objectifs de mixité');
      await seen(hand.page, hand.page.getByRole('heading', { name: 'Part de l’État dans le flux', exact: true }).or(hand.page.getByRole('heading', { name: 'Part de l\'État dans le flux', exact: true })));
    } },
    { name: 'whether an address is in a QPV', most: [2, 3], walk: async (hand) => {
      const { page } = hand;
      const { features: [hit] } = await ask<{ features: { properties: { label: string; name: string } }[] }>(page, `/search?q=${encodeURIComponent('1 rue Orme-sur-Sereine')}&limit=1`);
      await hand.find(hit?.properties.label ?? '', /Adresse ·/);
      await seen(page, page.locator('.right li', { hasText: /QPV 2024/ }));
      assert.match(await page.locator('.right li', { hasText: /QPV 2024/ }).innerText(), /dedans|dehors|incertain|inconnu/i);
    } },
  ],
  commune: [
    { name: 'one’s own commune: is it better than its EPCI, than two years ago', most: [2, 3], walk: async (hand) => {
      const { page } = hand;
      await hand.find('Orme-sur-Sereine', /Orme-sur-Sereine/);
      await seen(page, page.locator('.fiche .gaps li', { hasText: 'par rapport à CA du Val d' }));
      await seen(page, page.locator('.fiche').getByRole('heading', { name: 'Évolution par enquête' }));
    } },
  ],
  bailleur: [
    { menu: true, name: 'where a file is deposited', most: [2, 2], walk: async (hand) => {
      await hand.go('Mon parc', 'Dépôts');
      await seen(hand.page, hand.page.getByRole('button', { name: 'Choisir un fichier' }));
    } },
    { menu: true, name: 'the first address to correct, with its candidates', most: [2, 2], walk: async (hand) => {
      await hand.go('Mon parc', 'Adresses à corriger');
      await seen(hand.page, hand.page.getByText('Candidats', { exact: true }));
      assert.ok(readNumber(/\((.*)\)/.exec((await hand.page.locator('option', { hasText: /^Tous \(/ }).first().textContent()) ?? '')?.[1] ?? '') > 0);
    } },
    { menu: true, name: 'an event of the stock', most: [2, 2], walk: async (hand) => {
      await hand.go('Mon parc', 'Événements du parc');
      await seen(hand.page, hand.page.getByRole('heading', { name: 'Enregistrer un événement' }));
    } },
  ],
  administrateur: [
    { menu: true, name: 'load a folder of files', most: [3, 3], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('header .end summary').last());
      await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
      await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Données' }));
      await seen(page, page.getByRole('button', { name: 'Choisir des fichiers' }));
    } },
    { menu: true, name: 'verify the journal', most: [4, 4], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('header .end summary').last());
      await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
      await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Journal' }));
      await hand.click(page.getByRole('button', { name: 'Vérifier le journal' }));
      // Other servers of the tests write beside the same store: the verdict is read here, its truth is tested elsewhere.
      await seen(page, page.locator('.note[role=status]', { hasText: /journal/i }));
    } },
  ],
  public: [
    { name: 'the public stock of my commune', most: [2, 3], walk: async (hand) => {
      const { page } = hand;
      await hand.find('Arzay', /Arzay/);
      await seen(page, page.getByRole('heading', { name: 'Arzay' }));
      assert.ok(readNumber(await page.getByTestId('valeur').innerText()) > 0);
    } },
    { name: 'the methods and the accessibility statement', most: [2, 3], walk: async (hand) => {
      const { page } = hand;
      if (hand.narrow) await hand.click(page.locator('summary[title="Pages"]'));
      await hand.click(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Aide' }));
      await seen(page, page.getByRole('heading', { name: 'Le secret statistique' }));
      await hand.click(page.getByRole('contentinfo').or(page.locator('main')).getByRole('link', { name: /Accessibilité/ }).first());
      await seen(page, page.getByRole('heading', { name: /Accessibilité/ }));
    } },
  ],
};

for (const [width, most] of WIDTHS) {
  describe(`tasks at ${width} px`, () => {
    for (const [role, tasks] of Object.entries(TASKS)) test(`of ${role}`, () => walk(server, role, tasks, width, most));
  });
}
