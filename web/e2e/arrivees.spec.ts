// An administrator sends the files of a folder, reads what each would replace, is told of a wrong one, imports, and undoes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, enter, serve, trail, type Server } from './server';
import { axeFaults, eventually, open, picture, settle, type Session } from './harness';

const FILES = process.env['DEMO_FILES'] ?? '../demo/fichiers';

let server: Server;
let session: Session;
const copies = mkdtempSync(join(tmpdir(), 'mosaique-sauvegardes-'));
before(async () => {
  server = await serve({ copy: true, args: ['--sauvegardes', copies] });
  session = await open({});
  await enter(session.page, server, 'administrateur');
});
after(async () => {
  await session?.close();
  server?.stop();
  rmSync(copies, { recursive: true, force: true });
});

const file = (name: string, text: string | Buffer): { name: string; mimeType: string; buffer: Buffer } => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });
const dwellings = async (): Promise<number> => (await ask<{ millesimes: { logements: number }[] }>(session.page, '/api/catalogue')).millesimes.at(-1)?.logements ?? 0;
const waiting = (name: string) => session.page.locator('li.card', { hasText: name });
/** Figures follow in the background. */
async function until(wanted: (n: number) => boolean): Promise<void> {
  await eventually(async () => {
    const n = await dwellings();
    assert.ok(wanted(n), `${n} dwellings`);
  }, 90_000);
}

describe('files of an administrator', () => {
  test('several files are recognised at once; a wrong one is refused by name and nothing changes', async () => {
    const { page } = session;
    await page.goto(`${server.base}/administration#donnees`);
    await page.getByRole('heading', { name: 'Ajouter des fichiers' }).waitFor();
    const before = await dwellings();
    const rpls = readFileSync(`${FILES}/rpls_2024.csv`, 'utf8');
    const lines = rpls.split(/\r?\n/);
    // A tenth of the dwellings; notes; the thresholds with one more year; the survey of another wave than its name says.
    const few = [lines[0], ...lines.slice(1).filter((l, i) => l && i % 10 === 0)].join('\n');
    const thresholds = `${readFileSync(`${FILES}/seuils_q1.csv`, 'utf8').trimEnd()}\n200099018;2025;8999;essai\n`;
    await page.getByLabel('Fichiers à ajouter').setInputFiles([file('rpls_2024.csv', few), file('notes.csv', 'a;b\n1;2\n'), file('seuils_q1.csv', thresholds)]);
    await waiting('notes.csv').getByText('à préciser').waitFor();
    await waiting('rpls_2024.csv').getByText('prêt', { exact: true }).waitFor();
    await waiting('seuils_q1.csv').getByText('prêt', { exact: true }).waitFor();
    assert.match(await waiting('rpls_2024.csv').innerText(), /RPLS, millésime 2024/);
    assert.equal(await dwellings(), before);
    await waiting('notes.csv').getByRole('button', { name: 'Contrôler à nouveau' }).click();
    await waiting('notes.csv').getByText('refusé', { exact: true }).waitFor();
    assert.match(await waiting('notes.csv').innerText(), /notes\.csv.*DEPCOM/s);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'administration-fichiers');
    await page.setViewportSize({ width: 375, height: 800 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375);
    await picture(page, 'administration-fichiers-375');
    await page.setViewportSize({ width: 1280, height: 800 });
    await waiting('notes.csv').getByRole('button', { name: /Écarter/ }).click();
    await waiting('notes.csv').waitFor({ state: 'detached' });
  });

  test('a great loss asks for a word; what was replaced is given back', async () => {
    const { page } = session;
    const before = await dwellings();
    const item = waiting('rpls_2024.csv');
    assert.match(await item.innerText(), /ferait perdre .* logements/);
    assert.doesNotMatch(await item.innerText(), /--/);
    assert.equal(await item.getByRole('button', { name: /Importer/ }).isDisabled(), true);
    await item.getByRole('checkbox', { name: /Accepter cette perte/ }).check();
    await item.getByRole('button', { name: /Importer/ }).click();
    await page.getByText('rpls_2024.csv est importé').waitFor();
    await until((n) => n < before / 5);
    await page.getByRole('button', { name: 'Remettre RPLS 2024' }).click();
    await page.getByText('« RPLS 2024 » : remis').waitFor();
    await until((n) => n === before);
  });

  test('a file that adds to what is there is imported, seen, and its trace is in the journal', async () => {
    const { page } = session;
    await waiting('seuils_q1.csv').getByRole('button', { name: /Importer/ }).click();
    await page.getByText('seuils_q1.csv est importé').waitFor();
    await settle(page);
    const thresholds = page.locator('tr', { hasText: 'Seuils du premier quartile' }).first();
    assert.match(await thresholds.innerText(), /2025/);
    const noted = await trail(server, 'import');
    assert.ok(noted.some((l) => JSON.stringify(l).includes('seuils_q1.csv')), JSON.stringify(noted.slice(0, 2)));
  });

  test('saves the service while it serves, reads the copy again, and the command that the page writes restores it', async () => {
    const { page } = session;
    const part = page.locator('section', { hasText: 'Une sauvegarde copie' });
    await part.getByRole('button', { name: 'Sauvegarder maintenant' }).click();
    await part.getByText(/^Sauvegarde «\s.*\s» faite\.$/).waitFor({ timeout: 60_000 });
    const row = part.locator('tbody tr');
    assert.equal(await row.count(), 1);
    await row.getByRole('button', { name: /^Relire/ }).click();
    await row.getByText(/intacte, le/).waitFor({ timeout: 60_000 });
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'administration-sauvegarde');
    await page.setViewportSize({ width: 375, height: 800 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375);
    await part.scrollIntoViewIfNeeded();
    await picture(page, 'administration-sauvegarde-375');
    await page.setViewportSize({ width: 1280, height: 800 });
    const command = await part.locator('pre').innerText();
    const other = join(copies, 'remis');
    const [, ...words] = command.replace('NOUVEAU_MAGASIN', other).split(' ');
    const said = execFileSync(process.env['MOSAIQUE_BIN'] ?? '../target/debug/mosaique', words, { encoding: 'utf8' });
    assert.match(said, /Journal d'audit intact/);
    const label = (folder: string): unknown => JSON.parse(readFileSync(join(folder, 'manifeste.json'), 'utf8')) as unknown;
    assert.deepEqual(label(other), label(server.store));
    page.once('dialog', (dialog) => void dialog.accept());
    await row.getByRole('button', { name: /^Supprimer/ }).click();
    await part.getByText('Aucune sauvegarde dans ce dossier.').waitFor();
    assert.ok((await trail(server, 'sauvegarde')).length === 1);
  });

  test('a double click on a form is one submit', async () => {
    const { page } = session;
    await page.goto('about:blank');
    await page.goto(`${server.base}/administration#organismes`);
    const form = page.locator('form.form');
    await form.getByLabel('Nom de l’organisme').fill('Agence des deux clics');
    await form.getByLabel('Rôle').selectOption('agence');
    await form.getByLabel(/SIREN/).fill('130001019');
    await form.getByRole('button', { name: 'Ajouter' }).dblclick();
    await page.locator('tr', { hasText: 'Agence des deux clics' }).waitFor();
    await settle(page);
    assert.equal(await page.getByRole('alert').count(), 0);
    const made = (await trail(server, 'organisme_cree')).filter((l) => JSON.stringify(l).includes('deux clics'));
    assert.ok(made.length <= 1, JSON.stringify(made));
  });
});
