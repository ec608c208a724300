// What a public service says of itself, and its site map: read without an account, on a phone, from every page; in the organisation's own words where it has some.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axeFaults, open, picture, type Session } from './harness';
import { serve, type Server } from './server';

const PAGES = [
  { path: '/accessibilite', name: 'Accessibilité', says: 'Aucun audit de conformité au RGAA' },
  { path: '/mentions-legales', name: 'Mentions légales', says: 'n’a pas encore rempli cette page' },
  { path: '/donnees-personnelles', name: 'Données personnelles', says: 'Journal : 12 mois' },
];
let server: Server;
let session: Session;
before(async () => {
  server = await serve({ copy: true });
  session = await open({});
});
after(async () => {
  await session.close();
  server.stop();
});

test('the three pages read without an account at 375 pixels, and no word falls out', async () => {
  const { page, faults } = session;
  for (const width of [375, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    for (const { path, name, says } of PAGES) {
      await page.goto(server.base + path);
      await page.locator('article').getByText(says).first().waitFor();
      assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), name);
      const over = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('main, main *')].filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).length);
      assert.equal(over, 0, `${path} at ${width}`);
      assert.deepEqual(await axeFaults(page), [], path);
      await picture(page, `textes-${path.slice(1)}-${width}`);
    }
  }
  assert.deepEqual(faults, []);
});

test('the site map leads to every page that is open, at 375 pixels too', async () => {
  const { page } = session;
  for (const width of [375, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`${server.base}/aide`);
    await page.getByRole('link', { name: 'Plan du site' }).click();
    await page.getByRole('heading', { level: 1, name: 'Plan du site' }).waitFor();
    const paths = await page.locator('main dt a').evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
    assert.deepEqual(paths, ['/', '/tableaux', '/dossier', '/aide', '/ma-demande', '/accessibilite', '/mentions-legales', '/donnees-personnelles', '/connexion']);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, `plan-du-site-${width}`);
  }
});

test('every page leads to them, and says the state of accessibility', async () => {
  const { page } = session;
  await page.setViewportSize({ width: 375, height: 800 });
  for (const from of ['/aide', '/connexion', '/nulle-part', '/']) {
    await page.goto(server.base + from);
    // On the map they stand at the end of the choices.
    if (from === '/') await page.getByRole('button', { name: 'Choix' }).click();
    const link = page.getByRole('link', { name: 'Accessibilité : non conforme' });
    await link.scrollIntoViewIfNeeded();
    for (const { path } of PAGES) assert.equal(await page.locator(`footer a[href="${path}"]`).count(), 1, `${from} → ${path}`);
    await link.click();
    await page.getByRole('heading', { level: 1, name: 'Accessibilité' }).waitFor();
  }
});

test('the words of the organisation take the place of ours, never as a script', async () => {
  const { page, faults } = session;
  const folder = join(server.store, 'textes');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'mentions-legales.md'), '# Mentions légales de l’agglomération\n\n## Éditeur\n\nAgglomération, **1 place de la Mairie**, [nous écrire](mailto:dpo@exemple.fr).\n\n<script>window.broken = true</script> [x](javascript:alert(1))\n');
  writeFileSync(join(folder, 'accessibilite.md'), '# Déclaration\n\n**Accessibilité : partiellement conforme.** Audit du 3 mars 2026.\n');
  await page.goto(`${server.base}/mentions-legales`);
  await page.getByText('1 place de la Mairie').waitFor();
  assert.equal(await page.getByRole('link', { name: 'nous écrire' }).getAttribute('href'), 'mailto:dpo@exemple.fr');
  await page.getByText('<script>window.broken = true</script>').waitFor();
  assert.equal(await page.locator('article a[href^="javascript"], article script').count(), 0);
  assert.equal(await page.evaluate('window.broken'), undefined);
  await page.getByRole('link', { name: 'Accessibilité : partiellement conforme' }).waitFor();
  assert.deepEqual(faults, []);
});
