// Cotation: an EPCI drafts, simulates, compares and adopts a grid; a lessor finds candidates for a freed dwelling.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, enter, serve, type Server } from './server';
import { axeFaults, contentOf, fits, follow, open, picture, readNumber, settle, type Session } from './harness';

interface Grids { modifiable: string; grilles: { id: string; version: number | null; en_vigueur: boolean; grille: { nom: string; genre: string } }[] }
interface Scored { reference: string; note: number; ressources?: string }
interface Demands { total: number; grille: string; demandes: Scored[] }
interface Homes { total: number; logements: { ident_rep: string; epci: string | null; typologie: string | null }[] }
interface Candidates { total: number; ecartees: number; candidats: Scored[] }
interface Trips { destinations: { code: string }[]; trajets: { vers: string | null; demandes: number }[] }
interface Pressure { lignes: { nom: string; demandes: number | null }[] }

let server: Server;
let session: Session;
let lessor: Session;
before(async () => {
  server = await serve();
  session = await open({});
  await enter(session.page, server, 'epci');
  lessor = await open({});
  await enter(lessor.page, server, 'bailleur');
});
after(async () => {
  await session?.close();
  await lessor?.close();
  server?.stop();
});

async function part(on: Session, id: string): Promise<void> {
  await on.page.goto('about:blank');
  await on.page.goto(`${server.base}/cotation#${id}`);
  await on.page.locator('main table, main select').first().waitFor();
  await settle(on.page);
}
/** No fault for axe, and nothing wider than a telephone. */
async function sound(on: Session, name: string): Promise<void> {
  const { page } = on;
  assert.deepEqual(await axeFaults(page), [], name);
  await picture(page, `cotation-${name}`);
  await page.setViewportSize({ width: 375, height: 800 });
  await settle(page);
  await fits(page, name);
  assert.deepEqual(await axeFaults(page), [], `${name}, 375`);
  await picture(page, `cotation-${name}-375`);
  await page.setViewportSize({ width: 1280, height: 800 });
}
const row = (on: Session, name: string) => on.page.locator('main tbody tr', { hasText: name }).first();

describe('an EPCI writes its grid', () => {
  test('a draft without a priority of the law cannot be adopted, and says why', async () => {
    const { page } = session;
    await page.goto(server.base);
    await follow(page, 'Mixité', 'Cotation et demande');
    await page.getByRole('button', { name: 'Écrire une grille' }).click();
    await page.getByLabel('Nom', { exact: true }).fill('Grille de la conférence');
    await page.getByRole('button', { name: 'Ajouter un groupe' }).click();
    await page.getByLabel('Nom du groupe').fill('Territoire');
    for (const code of ['C55', 'C56']) await page.getByLabel('Ajouter un critère').selectOption(code);
    const home = page.getByRole('group', { name: 'Habite le territoire' });
    await home.getByLabel('Points').fill('15');
    await home.getByLabel('Groupe').selectOption({ label: 'Territoire' });
    await sound(session, 'editeur');
    await page.getByRole('button', { name: 'Enregistrer le brouillon' }).click();
    await page.getByText('Brouillon enregistré.').waitFor();
    const line = row(session, 'Grille de la conférence');
    assert.match(await line.innerText(), /L\.441-1/);
    assert.ok(await line.getByRole('button', { name: 'Adopter' }).isDisabled());
  });

  test('mended, it is compared with the grid in force, and other points are tried', async () => {
    const { page } = session;
    await row(session, 'Grille de la conférence').getByRole('button', { name: 'Modifier' }).click();
    for (const code of ['C18', 'C16', 'C57', 'C28']) await page.getByLabel('Ajouter un critère').selectOption(code);
    await page.getByRole('group', { name: /^Menacé d'expulsion/ }).getByRole('spinbutton', { name: 'Points' }).fill('80');
    const since = page.getByRole('group', { name: /^Ancienneté de la demande/ });
    await since.getByLabel('Donne').selectOption('progression');
    await since.getByRole('spinbutton', { name: 'Points' }).fill('6');
    await page.getByRole('button', { name: 'Enregistrer le brouillon' }).click();
    await page.getByText('Brouillon enregistré.').waitFor();
    assert.ok(await row(session, 'Grille de la conférence').getByRole('button', { name: 'Adopter' }).isEnabled());
    await part(session, 'simulation');
    const grids = await ask<Grids>(page, '/api/cotation/grilles');
    const mine = grids.grilles.find((g) => g.grille.nom === 'Grille de la conférence');
    const current = grids.grilles.find((g) => g.en_vigueur && g.grille.genre === 'premiere');
    assert.ok(mine && current);
    await page.getByLabel('Comparer').selectOption(current.id);
    await page.getByLabel('avec', { exact: true }).selectOption(mine.id);
    await settle(page);
    const tau = async (): Promise<number> => readNumber(await page.locator('article', { hasText: 'Accord des deux ordres' }).locator('.value').innerText());
    const first = await tau();
    assert.ok(first > -1 && first < 1, String(first));
    await sound(session, 'simulation');
    await page.getByLabel(/^Habite le territoire/).fill('60');
    await page.getByRole('button', { name: 'Garder dans le brouillon' }).waitFor();
    await settle(page);
    assert.notEqual(await tau(), first, 'other points, another order');
    await page.getByRole('button', { name: 'Revenir à la grille' }).click();
    await settle(page);
    assert.equal(await tau(), first, 'what was tried is not kept');
  });

  test('adopted, it has a version, never changes, and scores the demands', async () => {
    const { page } = session;
    await part(session, 'grilles');
    await row(session, 'Grille de la conférence').getByRole('button', { name: 'Adopter' }).click();
    await page.getByRole('button', { name: 'Adopter cette grille' }).click();
    await page.getByText(/est adoptée\s: version 2/).waitFor();
    const line = row(session, 'Grille de la conférence');
    assert.match(await line.innerText(), /en vigueur/);
    assert.equal(await line.getByRole('button', { name: 'Modifier' }).count(), 0);
    await line.getByRole('button', { name: 'Lire' }).click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
    assert.match((await contentOf(file)).text, /C18;;80;/);
    await sound(session, 'grilles');
    await part(session, 'demandes');
    const epci = (await ask<Grids>(page, '/api/cotation/grilles')).modifiable;
    const told = await ask<Demands>(page, `/api/cotation/demandes?epci=${epci}`);
    assert.equal(told.grille, 'Grille de la conférence');
    const shown = await page.locator('main tbody tr td:nth-child(2)').allInnerTexts();
    assert.deepEqual(shown, told.demandes.map((d) => d.reference));
    await page.getByRole('button', { name: /^Détail de la note/ }).first().click();
    assert.equal(readNumber(await page.locator('table.detail tr').last().locator('td').nth(1).innerText()), told.demandes[0]?.note);
    await sound(session, 'demandes');
    await page.getByLabel('Typologie').selectOption('T4');
    await settle(page);
    const fewer = await ask<Demands>(page, `/api/cotation/demandes?epci=${epci}&typologie=T4`);
    assert.ok(fewer.total < told.total);
    assert.equal(readNumber(await page.locator('main .head p').innerText()), fewer.total);
  });

  test('the pressure says what the interface says, and hides what is few', async () => {
    await part(session, 'pression');
    const { page } = session;
    await page.getByLabel('Détail par').selectOption('commune');
    await settle(page);
    const told = await ask<Pressure>(page, '/api/cotation/pression?par=commune');
    const shown = await page.getByRole('region', { name: 'Pression par commune' }).first().locator('tbody tr td:nth-child(2)').allInnerTexts();
    assert.deepEqual(shown.map((t) => (t === 'secret' ? null : readNumber(t))), told.lignes.map((l) => l.demandes));
    await sound(session, 'pression');
  });

  test('the origin of demands is a map and a table, of the territory and of each commune', async () => {
    await part(session, 'pression');
    const { page } = session;
    const grids = await ask<Grids>(page, '/api/cotation/grilles');
    const told = await ask<Trips>(page, `/api/cotation/trajets?epci=${grids.modifiable}`);
    const box = page.getByRole('region', { name: /^D’où viennent les demandes/ });
    await box.locator('.map.drawn').waitFor();
    const shown = async (): Promise<number[]> => (await box.locator('tbody td:nth-child(2)').allInnerTexts()).map(readNumber);
    const wanted = (vers: string | null): number[] => told.trajets.filter((t) => t.vers === vers).map((t) => t.demandes);
    assert.ok(wanted(null).length > 3);
    assert.deepEqual(await shown(), wanted(null));
    const commune = told.destinations[0]!;
    await box.getByLabel('Demandes pour').selectOption(commune.code);
    assert.deepEqual(await shown(), wanted(commune.code));
    await sound(session, 'trajets');
  });
});

describe('evidence', () => {
  test('is ticked and taken back from the detail of a note, and its history is kept', async () => {
    const { page } = session;
    await part(session, 'demandes');
    const grids = await ask<Grids>(page, '/api/cotation/grilles');
    const list = await ask<Demands>(page, `/api/cotation/demandes?epci=${grids.modifiable}`);
    let reference = '';
    for (const d of list.demandes) {
      const told = await ask<{ demandes: { au_sne: boolean }[] }>(page, `/api/cotation/demandes/${d.reference}/justificatifs?epci=${grids.modifiable}`);
      if (told.demandes.some((p) => !p.au_sne)) reference = d.reference;
      if (reference) break;
    }
    assert.ok(reference, 'no demand lacks evidence');
    await page.getByRole('button', { name: `Détail de la note de ${reference}` }).click();
    const box = page.getByRole('region', { name: `Justificatifs de ${reference}` });
    await box.getByRole('button', { name: /^Cocher le justificatif/ }).first().click();
    await box.getByText(/coché le .* par /).waitFor();
    await sound(session, 'justificatifs');
    await box.getByRole('button', { name: /^Retirer le justificatif/ }).first().click();
    await box.getByText('Historique').click();
    await box.getByText(/retiré le .* par /).waitFor();
  });
});

describe('a lessor', () => {
  test('finds candidates for a freed dwelling, in the order of the grid in force', async () => {
    const { page } = lessor;
    await part(lessor, 'candidats');
    const homes = await ask<Homes>(page, '/api/cotation/logements');
    assert.ok(homes.total > 0);
    const epci = await ask<Grids>(session.page, '/api/cotation/grilles');
    assert.ok(epci.modifiable);
    // A dwelling of the EPCI whose grid is in force, for which somebody asks.
    let home: Homes['logements'][number] | undefined;
    let told: Candidates | undefined;
    for (const h of homes.logements.filter((l) => l.epci === epci.modifiable && l.typologie)) {
      const found = await ask<Candidates>(page, `/api/cotation/candidats?logement=${h.ident_rep}`);
      if (found.candidats.length > 3) [home, told] = [h, found];
      if (told) break;
    }
    assert.ok(home && told, 'no dwelling has candidates');
    await page.getByLabel('Logement', { exact: true }).selectOption(home.ident_rep);
    await page.locator('main dl').waitFor();
    await settle(page);
    assert.deepEqual(await page.locator('main tbody tr td:nth-child(2)').allInnerTexts(), told.candidats.map((d) => d.reference));
    const notes = told.candidats.map((d) => d.note);
    assert.deepEqual(notes, [...notes].sort((a, b) => b - a));
    assert.ok(told.candidats.every((d) => d.ressources === 'admises' || d.ressources === 'a_verifier'));
    await sound(lessor, 'candidats');
  });

  test('reads grids without writing them', async () => {
    await part(lessor, 'grilles');
    assert.equal(await lessor.page.getByRole('button', { name: 'Écrire une grille' }).count(), 0);
    assert.deepEqual(await lessor.page.getByRole('navigation', { name: 'Cotation' }).getByRole('link').allInnerTexts(), ['Grilles', 'Candidats', 'Pression']);
  });

  test('the browsers saw no fault', () => assert.deepEqual([...session.faults, ...lessor.faults].filter((f) => !f.includes('404')), []));
});
