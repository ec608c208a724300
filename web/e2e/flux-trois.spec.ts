// Gestion en flux as three people do it: the EPCI officer prepares a commune's sheet and enters a convention, the lessor tells a dwelling's way from the
// notice to the lease and prints the balance sheet, the DDETS officer finds what the State lacks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { today } from '../src/lib/dates';
import { axeFaults, contentOf, fits, open, picture, readNumber, settle, type Session } from './harness';
import { onPaper, WIDTHS } from './paper';
import { ask, enter, serve, type Server } from './server';

interface Part { droits: number; prevu: number | null; honore: number; suivant: number | null; comptes: { orientation: number; caleol: number; bail: number } }
interface Sheet { commune: string; nom: string; annee: number; communes: { code: string }[]; lignes: { direct: Part; delegue: Part }[]; ensemble: { direct: Part; delegue: Part }; baux: { baux: number }[] }
interface Listed { part: number; version: number; statut: string; reservataire: string; bailleur: string; document: string }
interface State { annee: number; lignes: { bailleur: string; bailleur_nom: string; plafond: number; objectif: number; manque: number; assiette: number; hors_qpv: { flux: number; etat: number; manque: number } }[] }

const FILES = process.env['DEMO_FILES'] ?? '../demo/fichiers';
let server: Server;
before(async () => {
  server = await serve();
  server.run('admin', 'flux', `${FILES}/declares/flux`);
});
after(() => server.stop());

async function as(role: string): Promise<Session> {
  const session = await open({});
  await enter(session.page, server, role);
  return session;
}
async function part(session: Session, id: string, query = ''): Promise<void> {
  await session.page.goto('about:blank');
  await session.page.goto(`${server.base}/flux${query}#${id}`);
  await session.page.locator('main table').first().waitFor();
  await settle(session.page);
}
// The server's days are those of France.
const daysAgo = (n: number): string => today(-n);
async function sound(session: Session): Promise<void> {
  assert.deepEqual(await axeFaults(session.page), []);
  await session.page.setViewportSize({ width: 375, height: 800 });
  await settle(session.page);
  await fits(session.page);
}
const wide = (session: Session): Promise<void> => session.page.setViewportSize({ width: 1280, height: 800 });

describe('the EPCI officer', () => {
  let session: Session;
  before(async () => void (session = await as('epci')));
  after(() => session.close());

  test('prepares the sheet of a commune and its objective of the next year', async () => {
    const { page } = session;
    await part(session, 'fiche');
    const sheet = await ask<Sheet>(page, '/api/flux/fiche');
    const { direct, delegue } = sheet.ensemble;
    assert.ok((direct.prevu ?? 0) > 0 && (delegue.prevu ?? 0) > 0 && direct.honore > 0, 'a sheet without rights would prove nothing');
    const values = (await page.locator('main .value').allInnerTexts()).map(readNumber);
    const sum = (of: (p: Part) => number | null): number => (of(direct) ?? 0) + (of(delegue) ?? 0);
    assert.deepEqual(values, [sum((p) => p.prevu), sum((p) => p.honore), sum((p) => p.suivant)]);
    for (const id of ['direct', 'delegue'] as const) {
      for (const key of ['droits', 'honore'] as const) assert.equal(sheet.lignes.reduce((s, l) => s + l[id][key], 0), sheet.ensemble[id][key]);
    }
    await picture(page, 'flux-fiche');
    await sound(session);
    await picture(page, 'flux-fiche-375');
    await wide(session);
  });

  test('takes it away as a file that says the same, and on paper', async () => {
    const { page } = session;
    await part(session, 'fiche');
    const sheet = await ask<Sheet>(page, '/api/flux/fiche');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
    const { name, text } = await contentOf(download);
    assert.equal(name, `mosaique_flux_fiche_${sheet.commune}_${sheet.annee}.csv`);
    const [head = '', ...rows] = text.replace(/^\ufeff/, '').trim().split(/\r?\n/);
    const at = head.split(';').indexOf('honore');
    assert.equal(rows.reduce((s, r) => s + Number(r.split(';')[at]), 0), sheet.ensemble.direct.honore + sheet.ensemble.delegue.honore);
    const { faults, pages } = await onPaper(page, WIDTHS.landscape, 'epci-flux-fiche');
    assert.deepEqual(faults, []);
    assert.ok(pages >= 1 && pages <= 6, `${pages} sheets`);
  });

  test('enters a convention, amends it, undoes the amendment, and is refused what contradicts itself', async () => {
    const { page } = session;
    await part(session, 'conventions');
    const find = async (): Promise<Listed | undefined> => (await ask<{ conventions: Listed[] }>(page, '/api/flux/conventions')).conventions.find((c) => c.document === 'Acte des essais');
    await page.getByRole('button', { name: 'Nouvelle convention' }).click();
    const form = page.getByRole('form', { name: 'Nouvelle convention' });
    await form.getByLabel(/^Bailleur/).selectOption({ index: 1 });
    await form.getByLabel(/^Réservataire/).selectOption({ label: 'Région' });
    await form.getByLabel('Acte qui la contient').fill('Acte des essais');
    await form.getByLabel('Part du flux, %').fill('2.5');
    await form.getByLabel('Logements au moins').fill('3');
    await form.getByLabel('Logements au plus').fill('2');
    await form.getByRole('button', { name: 'Enregistrer' }).click();
    assert.match(await form.getByRole('alert').innerText(), /maximum est sous le minimum/);
    assert.equal(await find(), undefined);
    await sound(session);
    await picture(page, 'flux-convention-375');
    await wide(session);
    await form.getByLabel('Logements au plus').fill('6');
    await form.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('status').filter({ hasText: 'Convention enregistrée' }).waitFor();
    assert.deepEqual([(await find())?.version, (await find())?.part], [1, 2.5]);
    await page.getByRole('row').filter({ hasText: 'Région' }).getByRole('button', { name: /^Modifier/ }).click();
    const amended = page.getByRole('form', { name: 'Modifier une convention' });
    await amended.getByLabel('Part du flux, %').fill('4');
    await amended.getByLabel('Ce que cet avenant change').fill('Avenant 1');
    await picture(page, 'flux-convention');
    await amended.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('status').filter({ hasText: 'Nouvelle version' }).waitFor();
    assert.deepEqual([(await find())?.version, (await find())?.part], [2, 4]);
    await page.getByRole('row').filter({ hasText: 'Région' }).getByRole('button', { name: /versions/ }).click();
    await page.getByText('Avenant 1 (part : 2,5 → 4)').waitFor();
    await page.getByRole('button', { name: 'Annuler' }).click();
    await page.getByRole('status').filter({ hasText: 'Annulé' }).waitFor();
    assert.deepEqual([(await find())?.version, (await find())?.part], [3, 2.5]);
    await page.getByRole('row').filter({ hasText: 'Région' }).getByRole('button', { name: /^Modifier/ }).click();
    await page.getByRole('button', { name: /^Retirer/ }).click();
    await page.getByRole('status').filter({ hasText: 'retirée' }).waitFor();
    assert.equal((await find())?.statut, 'retiree');
  });

  test('brings back the conventions that were exported: nothing changes; a faulty half file is refused whole', async () => {
    const { page } = session;
    await part(session, 'conventions');
    const before = (await ask<{ conventions: Listed[] }>(page, '/api/flux/conventions')).conventions;
    await page.getByText('Fichiers : exporter').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('section[aria-label="Conventions"]').getByRole('link', { name: 'exporter' }).click()]);
    const { text } = await contentOf(download);
    const give = (body: string): Promise<void> => page.getByLabel('Fichier : conventions').setInputFiles({ name: 'conventions.csv', mimeType: 'text/csv', buffer: Buffer.from(body) });
    await give(text);
    await page.getByText(`${before.length} lignes lues, aucune refusée`).waitFor();
    await page.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await page.getByText(/^0 version/).waitFor();
    const lines = text.split(/\r?\n/);
    await give([...lines.slice(0, 3), 'bonjour;;'].join('\r\n'));
    await page.getByText('Rien n’est gardé tant qu’il en reste un').waitFor();
    assert.deepEqual((await ask<{ conventions: Listed[] }>(page, '/api/flux/conventions')).conventions, before);
  });

  test('the browser saw no fault but what was refused', () => assert.deepEqual(session.faults.filter((f) => !/status of 400/.test(f)), []));
});

describe('the lessor', () => {
  let session: Session;
  let siren = '';
  before(async () => {
    session = await as('bailleur');
    siren = (await ask<{ code: string }>(session.page, '/api/organisation')).code;
  });
  after(() => session.close());
  const choose = async (what: string, day: string, more: Record<string, string> = {}): Promise<void> => {
    const form = session.page.getByRole('form', { name: 'Nouvel événement' });
    await form.getByLabel('Ce qui arrive').selectOption({ label: what });
    await form.getByLabel('Jour').fill(day);
    for (const [label, value] of Object.entries(more)) await form.getByLabel(new RegExp(`^${label}`)).selectOption({ label: value });
    await form.getByRole('button', { name: 'Enregistrer' }).click();
  };
  const kept = (what: string): Promise<void> => session.page.getByRole('status').filter({ hasText: `« ${what} » enregistré` }).waitFor();

  test('tells the way of a dwelling from the notice to the lease, is warned of a delay and of an impossible order', async () => {
    const { page } = session;
    await part(session, 'logements');
    const town = (await ask<{ listes: { communes: { nom: string }[] } }>(page, '/api/flux/conventions')).listes.communes[0]?.nom ?? '';
    await page.getByLabel('Numéro du logement').fill('ESSAI-1');
    await page.getByRole('button', { name: 'Ouvrir', exact: true }).click();
    await page.getByRole('heading', { name: 'Logement ESSAI-1' }).waitFor();
    await choose('préavis', daysAgo(60), { Commune: town, Typologie: 'T3' });
    await kept('préavis');
    await choose('orientation', daysAgo(45), { Réservataire: 'État, publics prioritaires' });
    await kept('orientation');
    assert.match(await page.locator('.life [role=alert]').innerText(), /dépassé de 15 jours/);
    await picture(page, 'flux-vie');
    await sound(session);
    await picture(page, 'flux-vie-375');
    await wide(session);
    // Only what may follow is offered; a program that sends something else is refused by name.
    const offered = await page.getByRole('form', { name: 'Nouvel événement' }).getByLabel('Ce qui arrive').locator('option').allInnerTexts();
    assert.ok(!offered.includes('bail') && offered.includes('refus du réservataire'), offered.join());
    const token = server.run('admin', 'token', '--courriel', 'bailleur@demonstration.example', '--nom', 'logiciel', '--ecriture').trim();
    const send = (event: object): Promise<Response> => fetch(`${server.base}/api/flux/evenements`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ bailleur: siren, logement: 'ESSAI-1', ...event }) });
    const refused = await send({ id: 'machine-1', jour: daysAgo(40), genre: 'bail' });
    assert.equal(refused.status, 400);
    assert.match(((await refused.json()) as { detail: string }).detail, /« bail » est impossible.*« orienté ».*Attendu : acceptation/);
    await choose('acceptation par le réservataire', daysAgo(30));
    await kept('acceptation par le réservataire');
    await choose('désignation de candidats', daysAgo(20));
    await kept('désignation de candidats');
    await choose('passage en CALEOL', daysAgo(10));
    await kept('passage en CALEOL');
    await choose('bail', daysAgo(2), { Mutation: 'non' });
    await kept('bail');
    // A machine that sends the same event twice counts once.
    const again = { id: 'machine-2', jour: daysAgo(1), genre: 'preavis' };
    assert.deepEqual([await (await send(again)).json(), await (await send(again)).json()], [{ nouveaux: 1, connus: 0, retires: 0 }, { nouveaux: 0, connus: 1, retires: 0 }]);
  });

  test('corrects a day, withdraws by mistake and takes it back', async () => {
    const { page } = session;
    await part(session, 'logements');
    // Its number is a name on paper too.
    const { faults, text } = await onPaper(page, WIDTHS.landscape, 'bailleur-flux-logements');
    assert.deepEqual(faults, []);
    for (const part of ['ESSAI-1', 'Source : conventions']) assert.ok(text.includes(part), part);
    await page.getByLabel('Numéro du logement').fill('ESSAI-1');
    await page.getByRole('button', { name: 'Ouvrir', exact: true }).click();
    const events = async (): Promise<{ genre: string; jour: string; retire: boolean }[]> => (await ask<{ evenements: { genre: string; jour: string; retire: boolean }[] }>(page, '/api/flux/evenements?logement=ESSAI-1')).evenements;
    // What the rest stands on cannot go.
    await page.getByRole('button', { name: /^Retirer « orientation »/ }).click();
    assert.match(await page.locator('.life [role=alert]').innerText(), /Sans cet événement, ce qui suit n.est plus possible/);
    await page.getByRole('button', { name: /^Corriger « bail »/ }).click();
    await page.getByRole('form', { name: 'Corriger un événement' }).getByLabel('Jour').fill(daysAgo(3));
    await page.getByRole('button', { name: 'Corriger', exact: true }).click();
    await page.getByRole('status').filter({ hasText: '« bail » corrigé' }).waitFor();
    assert.deepEqual((await events()).filter((e) => e.genre === 'bail').map((e) => [e.jour, e.retire]).sort(), [[daysAgo(3), false], [daysAgo(2), true]]);
    await page.getByRole('button', { name: /^Retirer « préavis » du/ }).first().click();
    await page.getByRole('status').filter({ hasText: '« préavis » retiré' }).waitFor();
    await page.getByRole('button', { name: 'Annuler' }).click();
    await page.getByRole('status').filter({ hasText: 'Annulé' }).waitFor();
    assert.equal((await events()).filter((e) => e.genre === 'preavis' && !e.retire).length, 2);
  });

  test('finds the lease in the balance sheet of the year and prints it', async () => {
    const { page } = session;
    const year = daysAgo(3).slice(0, 4);
    await part(session, 'bilan', `?annee=${year}`);
    const row = page.locator('section[aria-labelledby=bilan-titre] tbody tr').filter({ hasText: 'État, publics prioritaires' });
    assert.equal((await row.locator('td').allInnerTexts())[3], '1');
    const { faults, pages } = await onPaper(page, WIDTHS.landscape, 'bailleur-flux-bilan');
    assert.deepEqual(faults, []);
    assert.ok(pages >= 1);
  });

  test('freezes the balance sheet by the keyboard alone, and is told when figures are no longer those', async () => {
    const { page } = session;
    const year = daysAgo(3).slice(0, 4);
    await part(session, 'bilan', `?annee=${year}`);
    const press = async (name: string): Promise<void> => {
      // Tab until the control has the focus, as who has no mouse.
      for (let i = 0; i < 120; i += 1) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((n) => (document.activeElement?.textContent ?? '').trim() === n, name)) return void (await page.keyboard.press('Enter'));
      }
      assert.fail(`« ${name} » is not reached by the keyboard`);
    };
    await press('Arrêter le bilan');
    await page.getByText('Les mêmes que ceux de la version 1').waitFor();
    const leases = async (): Promise<string> => page.locator('section[aria-labelledby=bilan-titre] tbody tr').filter({ hasText: 'État, publics prioritaires' }).locator('td').nth(3).innerText();
    assert.equal(await leases(), '1');
    await part(session, 'logements');
    await page.getByLabel('Numéro du logement').fill('ESSAI-1');
    await page.getByRole('button', { name: 'Ouvrir', exact: true }).click();
    const last = page.getByRole('button', { name: /^Retirer « préavis » du/ });
    // A second notice stands on the lease: it goes first.
    await last.first().click();
    await page.getByRole('status').filter({ hasText: '« préavis » retiré' }).waitFor();
    await page.getByRole('button', { name: /^Retirer « bail » du/ }).click();
    await page.getByRole('status').filter({ hasText: '« bail » retiré' }).waitFor();
    await part(session, 'bilan', `?annee=${year}`);
    await page.getByText('Ces chiffres ne sont plus ceux de la version 1').waitFor();
    await page.getByLabel('Chiffres').selectOption('1');
    await page.getByText('Empreinte').waitFor();
    assert.equal(await leases(), '1', 'the version is as it was frozen');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
    assert.match(download.suggestedFilename(), new RegExp(`_${year}_v1_[0-9a-f]{16}\\.csv$`));
  });

  test('has its events back as a file that changes nothing when it is sent again', async () => {
    const { page } = session;
    await part(session, 'conventions');
    const section = page.locator('section[aria-label="Événements de votre parc"]');
    await page.getByText('Fichiers : exporter').click();
    const [download] = await Promise.all([page.waitForEvent('download'), section.getByRole('link', { name: 'exporter' }).click()]);
    const { text } = await contentOf(download);
    await page.getByLabel('Fichier : événements de votre parc').setInputFiles({ name: 'evenements.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await section.getByText(/aucune refusée\s; 0 événement nouveau/).waitFor();
  });

  test('the browser saw no fault but what was refused', () => assert.deepEqual(session.faults.filter((f) => !/status of 400/.test(f)), []));
});

describe('the DDETS officer', () => {
  let session: Session;
  before(async () => void (session = await as('ddets')));
  after(() => session.close());

  test('finds who gives the State less than 30 %, and its share outside of QPV', async () => {
    const { page } = session;
    await part(session, 'etat', '?annee=2024');
    const told = await ask<State>(page, '/api/flux/etat?annee=2024');
    const truth = readFileSync(`${FILES}/verite/flux.csv`, 'utf8').split(/\r?\n/).map((l) => l.split(';')).find((l) => l[0] === 'etat_insuffisant');
    const short = told.lignes.find((l) => l.bailleur === truth?.[1]);
    assert.ok(short && short.manque > 0 && short.plafond === Math.floor(short.assiette * 0.3 + 1e-9) && short.manque === short.plafond - short.objectif);
    const said = page.locator('.told li').filter({ hasText: short.bailleur_nom }).first();
    assert.match(await said.innerText(), new RegExp(`Il en manque ${short.manque} pour 30`));
    const cell = page.getByRole('row').filter({ hasText: short.bailleur_nom }).first().locator('td').nth(5);
    assert.match((await cell.innerText()).replace(/\s/g, ' '), new RegExp(`^${short.hors_qpv.etat} sur ${short.hors_qpv.flux}`));
    await page.getByRole('button', { name: `Communes de ${short.bailleur_nom}` }).click();
    await page.locator('#etat-communes').waitFor();
    await picture(page, 'flux-etat');
    await sound(session);
    await picture(page, 'flux-etat-375');
    await wide(session);
  });

  test('a year that is over is met or not, never late', async () => {
    await part(session, 'suivi', '?annee=2024');
    const text = await session.page.locator('main').innerText();
    assert.ok(/non atteint, il en manque \d/.test(text) && /atteint/.test(text));
    assert.doesNotMatch(text, /en retard|en avance/);
    await picture(session.page, 'flux-suivi-ddets');
  });

  test('the browser saw no fault', () => assert.deepEqual(session.faults, []));
});
