// The check before the commission: the form gives the verdicts of the interface, a file gives a table and a file back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { axeFaults, BASE_URL, contentOf, follow, get, open, picture, post, settle, type Session } from './harness';

interface Rule { regle: string; libelle: string; verdict: string; pourquoi: string }
interface Check { verdict: string; regles: Rule[]; ailleurs: { total: number; logements: unknown[] }; residence: { chiffres: unknown[] } | null }
interface Commission { lignes: number; controlees: number; erreurs: { ligne: number }[]; dossiers: { ligne: number; verdict: string; demande: object }[]; contraires: number; attention: number; conformes: number }

const FILES = process.env['DEMO_FILES'] ?? '';
const NAMES: Record<string, string> = { contraire: 'Contraire', attention: 'Attention', indeterminable: 'Indéterminable', conforme: 'Conforme', sans_objet: 'Sans objet' };
let session: Session;
let folder: string;
let file: string;
let commission: Commission;

async function sendCsv(text: string): Promise<Commission> {
  const answer = await fetch(`${BASE_URL}/api/attributions/controle/csv`, { method: 'POST', headers: { authorization: `Bearer ${process.env['MOSAIQUE_TOKEN']}`, 'content-type': 'text/csv' }, body: text });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()) as Commission;
}

before(async () => {
  session = await open();
  folder = mkdtempSync(join(tmpdir(), 'mosaique-commission-'));
  const name = readdirSync(FILES).find((n) => n.startsWith('attributions'));
  assert.ok(name, 'the demonstration has a file of allocations');
  const lines = readFileSync(join(FILES, name), 'utf8').split('\n');
  const head = lines[0]?.split(';') ?? [];
  const year = head.indexOf('date_bail');
  const signed = lines.slice(1).filter((l) => l.split(';')[year]?.startsWith('2024')).slice(0, 60);
  // One line that nobody can read.
  const bad = (signed[0] ?? '').split(';').map((cell, i) => (head[i] === 'reservataire' ? 'PERSONNE' : cell)).join(';');
  const text = [lines[0], ...signed, bad].join('\n');
  file = join(folder, 'commission-mars.csv');
  writeFileSync(file, text);
  commission = await sendCsv(text);
});
after(async () => {
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});

async function visit(path: string): Promise<void> {
  await session.page.goto(BASE_URL + path);
  await session.page.locator('main h2').first().waitFor({ state: 'attached' });
  await settle(session.page);
}

describe('the check before the commission', () => {
  test('is reached from the page of social mix and gives every verdict as the interface does', async () => {
    const { page } = session;
    await page.goto(`${BASE_URL}/mixite`);
    await follow(page, 'Mixité', 'Contrôle avant CALEOL');
    await page.getByLabel('Numéro du logement dans le RPLS').waitFor();
    await settle(page);
    const ident = (commission.dossiers[0]?.demande as { logement: { ident_rep: string } }).logement.ident_rep;
    await page.getByLabel('Numéro du logement dans le RPLS').fill(ident);
    await page.getByLabel('Réservataire').selectOption('BAILLEUR');
    await page.getByLabel('Personnes', { exact: true }).fill('3');
    await page.getByLabel('dont moins de 14 ans').fill('1');
    await page.getByLabel('Ressources (€)').fill('1 850,50');
    await page.getByLabel('% du plafond PLUS').fill('55');
    await page.getByLabel('Bail envisagé le').fill('2024-12-20');
    await page.getByRole('button', { name: 'Contrôler' }).click();
    await page.getByRole('heading', { name: 'Règle par règle' }).waitFor();
    await settle(page);
    const said = await post<Check>('/api/attributions/controle', {
      date: '2024-12-20', logement: { ident_rep: ident }, menage: { ressources_mensuelles: 1850.5, nb_personnes: 3, nb_moins14: 1, pct_plafond: 55 }, reservataire: 'BAILLEUR',
    });
    const about = said.regles.filter((r) => r.verdict !== 'sans_objet');
    const items = page.locator('section[aria-labelledby=regles] > ul').first().locator('> li');
    assert.equal(await items.count(), about.length);
    for (const rule of about) {
      const item = items.filter({ has: page.getByRole('heading', { name: rule.libelle, exact: true }) });
      assert.match(await item.locator('.verdict').innerText(), new RegExp(NAMES[rule.verdict] ?? ''));
      assert.equal((await item.locator('p').first().textContent())?.replace(/\s+/g, ' '), rule.pourquoi.replace(/\s+/g, ' '));
    }
    assert.equal(await page.locator('section[aria-labelledby=ailleurs] tbody tr').count(), said.ailleurs.logements.length);
    assert.equal(await page.locator('section[aria-labelledby=residence] li').count(), said.residence?.chiffres.length ?? 0);
    assert.ok(!page.url().includes(ident), 'nothing of a file is in the address of the page');
    assert.deepEqual(await axeFaults(page), []);
  });

  test('says what is wrong and what to do', async () => {
    const { page } = session;
    await visit('/controle');
    await page.getByLabel('Numéro du logement dans le RPLS').fill('0000000000');
    await page.getByRole('button', { name: 'Contrôler' }).click();
    await page.getByRole('alert').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /0000000000/);
    session.faults.splice(0, session.faults.length, ...session.faults.filter((f) => !/404/.test(f)));
  });

  test('takes the file of a commission, shows it, sorts and filters it, opens a line and gives the result back', async () => {
    const { page } = session;
    await visit('/controle?vue=commission');
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByRole('heading', { name: /dossiers contrôlés/ }).waitFor();
    await settle(page);
    const rows = page.locator('section[aria-labelledby=dossiers] tbody tr');
    assert.equal(await rows.count(), commission.controlees);
    assert.equal(await page.locator('section[aria-labelledby=erreurs] tbody tr').count(), 1);
    assert.match(await page.locator('section[aria-labelledby=erreurs] tbody').innerText(), /PERSONNE/);
    const verdicts = await rows.locator('.verdict').allInnerTexts();
    const order = Object.values(NAMES);
    const ranks = verdicts.map((v) => order.findIndex((n) => v.includes(n)));
    assert.deepEqual(ranks, [...ranks].sort((a, b) => a - b), 'the worst stand first');
    await page.locator('.counts button.attention').click();
    assert.equal(await rows.count(), commission.attention);
    assert.deepEqual(await axeFaults(page), []);
    await page.locator('.counts button.attention').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Télécharger le résultat' }).click()]);
    const { name, text } = await contentOf(download);
    assert.equal(name, 'mosaique_controle_commission-mars.csv');
    assert.ok(text.startsWith('\u{feff}'));
    // Ten rules a file, the line that could not be checked, the header.
    assert.equal(text.trim().split('\n').length, commission.controlees * 10 + 1 + 1);
    await page.getByRole('button', { name: 'Ouvrir la ligne 2', exact: true }).click();
    await page.getByRole('heading', { name: 'Règle par règle' }).waitFor();
    await page.getByRole('button', { name: '← Retour à la commission' }).click();
    assert.equal(await rows.count(), commission.controlees, 'the file is still there');
  });

  test('a commission of 200 files is checked in less than a second', async () => {
    const lines = readFileSync(file, 'utf8').split('\n');
    const text = [lines[0], ...Array.from({ length: 200 }, (_, i) => lines[1 + (i % 60)])].join('\n');
    const begun = performance.now();
    const answer = await sendCsv(text);
    const took = performance.now() - begun;
    assert.equal(answer.controlees, 200);
    assert.ok(took < 1000, `${took.toFixed(0)} ms`);
  });

  test('an EPCI sets a rate, changes it and ends it; one below the law is refused with the reason', async () => {
    const bin = process.env['MOSAIQUE_BIN'] ?? '';
    const words = ['admin', 'token', '--data', process.env['DEMO_STORE'] ?? '', '--courriel', 'epci@demonstration.example', '--nom', 'e2e', '--ecriture'];
    const own = await open({ authorization: `Bearer ${execFileSync(bin, words, { encoding: 'utf8' }).trim()}` });
    try {
      const { page } = own;
      await page.goto(`${BASE_URL}/objectifs`);
      const name = `Avenant ${Date.now()}`;
      // A day of its own, so that the test can be run again on the same store.
      const signed = new Date((Math.floor(Date.now() / 1000) % 9_000) * 86_400_000).toISOString().slice(0, 10);
      const row = page.locator('tbody tr').filter({ hasText: name });
      await page.getByRole('button', { name: 'Fixer un taux' }).click();
      await page.getByLabel('Règle').selectOption('dalo_bailleur');
      await page.getByLabel('De l’année').fill('2090');
      await page.getByLabel('Convention ou avenant').fill(name);
      await page.getByLabel('Signée le').fill(signed);
      await page.getByLabel('Taux (%)').fill('12');
      assert.deepEqual(await axeFaults(page), []);
      await page.getByRole('button', { name: 'Enregistrer' }).click();
      await page.getByRole('alert').waitFor();
      assert.match(await page.getByRole('alert').innerText(), /inférieur à celui de la loi \(25\s%\)/);
      await page.getByLabel('Taux (%)').fill('27,5');
      await page.getByRole('button', { name: 'Enregistrer' }).click();
      await row.waitFor();
      assert.match(await row.innerText(), /27,5/);
      await row.getByRole('button', { name: 'Modifier' }).click();
      await page.getByLabel('Taux (%)').fill('30');
      await page.getByRole('button', { name: 'Enregistrer' }).click();
      await row.filter({ hasText: '30' }).waitFor();
      await row.getByRole('button', { name: 'Mettre fin' }).click();
      await row.getByRole('button', { name: 'Mettre fin' }).waitFor({ state: 'detached' });
      // The same by a file: refused by one line, then seen before it is accepted.
      const lines = (rate: string): string => ['regle;taux;du;au;cia;signee', `dalo_bailleur;${rate};2091;2092;${name} par fichier;${signed}`].join('\n');
      const pick = (text: string): Promise<void> => page.getByLabel('Fichier de taux').setInputFiles({ name: 'taux.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
      await page.getByRole('button', { name: 'Importer un fichier' }).click();
      await pick(lines('12'));
      await page.getByRole('cell', { name: 'T04' }).waitFor();
      await pick(lines('28,5'));
      await page.getByText('1 taux à ajouter, 0 à remplacer').waitFor();
      assert.deepEqual(await axeFaults(page), []);
      await picture(page, 'objectifs-fichier');
      assert.equal(await page.locator('section .list').last().getByText(`${name} par fichier`).count(), 0, 'nothing is kept yet');
      await page.getByRole('button', { name: 'Accepter ce taux' }).click();
      await page.getByText('1 taux ajouté, 0 remplacé').waitFor();
      await row.filter({ hasText: 'par fichier' }).filter({ hasText: '28,5' }).waitFor();
      assert.equal(own.faults.filter((f) => !/400/.test(f)).length, 0, own.faults.join('\n'));
    } finally {
      await own.close();
    }
  });

  test('the rates of conventions are listed, and curves stand under the targets', async () => {
    const { page } = session;
    await visit('/objectifs');
    const rates = await get<{ objectifs: unknown[] }>('/api/objectifs');
    assert.equal(await page.locator('tbody tr').count(), Math.max(1, rates.objectifs.length));
    assert.deepEqual(await axeFaults(page), []);
    await visit('/mixite');
    await page.getByRole('heading', { name: /Mois par mois/ }).waitFor();
    assert.ok((await page.locator('section[aria-labelledby=courbes] figure').count()) >= 7);
    assert.equal(session.faults.length, 0, session.faults.join('\n'));
  });
});
