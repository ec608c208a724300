// Parameters, as an administrator changes them: search, trial, change with its decision, what is refused, back to the program.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axeFaults, open, picture, settle, type Session } from './harness';
import { enter, serve, trail, type Server } from './server';

let server: Server;
let session: Session;
let epci = '';

before(async () => {
  server = await serve({ copy: true });
  session = await open({});
  epci = server.token('epci@demonstration.example');
  await enter(session.page, server, 'administrateur');
});
after(async () => {
  await session.close();
  server.stop();
});

interface Mixite { version: string; ensemble: { scores: { regle: string; cible: number }[] } }
async function mixite(): Promise<{ version: string; target: number | undefined }> {
  const answer = await fetch(`${server.base}/api/mixite`, { headers: { authorization: `Bearer ${epci}` } });
  assert.equal(answer.status, 200);
  const read = (await answer.json()) as Mixite;
  return { version: read.version, target: read.ensemble.scores.find((s) => s.regle === 'hors_qpv_q1')?.cible };
}

async function parameters(): Promise<void> {
  await session.page.goto('about:blank');
  await session.page.goto(`${server.base}/administration#parametres`);
  await session.page.getByRole('heading', { name: 'Fichiers de règles' }).waitFor();
  await settle(session.page);
}

async function search(words: string): Promise<void> {
  await session.page.getByLabel('Chercher').fill(words);
  await settle(session.page);
}

const TARGET = 'regle.hors_qpv_q1.cible';

describe('parameters', () => {
  test('every file of rules is listed with its version and the effect of a change', async () => {
    const { page } = session;
    await parameters();
    const rows = page.locator('tbody tr');
    assert.ok((await rows.count()) > 20);
    const mix = page.locator('tr', { hasText: 'rules/mix.toml' });
    assert.match(await mix.innerText(), /d’origine[\s\S]*dès la prochaine réponse/);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'parametres-1280');
  });

  test('a target is found, tried, changed with its decision, and the figures follow at once', async () => {
    const { page } = session;
    await parameters();
    await search('hors qpv cible');
    await page.getByRole('button', { name: `Changer ${TARGET}` }).click();
    await page.getByLabel('Nouvelle valeur').fill('0,30');
    await page.getByLabel(/^Motif/).fill('CIA signée le 12 mars 2026');
    await page.getByRole('button', { name: 'Essayer' }).click();
    assert.match(await page.getByRole('status').filter({ hasText: 'Essai' }).innerText(), /0,25 → 0,3.*Rien n’est enregistré/);
    assert.equal((await mixite()).target, 25);
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('status').filter({ hasText: '0,25 → 0,3' }).waitFor();
    const after = await mixite();
    assert.equal(after.target, 30);
    assert.match(after.version, /modifiée localement le .*empreinte/);
    const row = page.locator('tr', { hasText: TARGET });
    assert.match(await row.innerText(), /0,3[\s\S]*origine\s: 0,25[\s\S]*CIA signée le 12 mars 2026[\s\S]*par administrateur@demonstration\.example/);
    await picture(page, 'parametres-change-1280');
    assert.deepEqual(await axeFaults(page), []);
    const lines = await trail(server, 'reglage_change');
    assert.equal(lines.length, 1);
    assert.match(lines[0]?.parametres ?? '', /"avant":0\.25.*|"apres":0\.3/);
  });

  test('what breaks a rule is refused with the file, the entry and the rule, and changes nothing', async () => {
    const { page } = session;
    await parameters();
    await page.getByLabel('Fichier de règles').selectOption('secrecy.toml');
    await page.getByRole('button', { name: 'Changer k', exact: true }).click();
    await page.getByLabel('Nouvelle valeur').fill('5');
    await page.getByLabel(/^Motif/).fill('essai');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    assert.match(await page.getByRole('alert').innerText(), /reglages\/secrecy\.toml.*5 est sous 11.*jamais plus lâche/);
    await page.getByLabel('Nouvelle valeur').fill('onze');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    assert.match(await page.getByRole('alert').innerText(), /n’est pas un nombre/);
    await picture(page, 'parametres-refus-1280');
    assert.deepEqual(await axeFaults(page), []);
  });

  test('a threshold is added, and stands among what is changed', async () => {
    const { page } = session;
    await parameters();
    await page.getByLabel('Fichier de règles').selectOption('rules/seuils.toml');
    await page.getByRole('button', { name: 'Ajouter une entrée' }).click();
    await page.getByLabel(/^Paramètre à ajouter/).fill('seuil.200000001-2026.eur_uc');
    await page.getByLabel('Nouvelle valeur').fill('9 130 €');
    await page.getByLabel(/^Motif/).fill('Arrêté du 2 juin 2026');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.locator('tr', { hasText: 'seuil.200000001-2026.eur_uc' }).waitFor();
    await page.getByLabel('Fichier de règles').selectOption('');
    const made = page.locator('tr', { hasText: 'seuil.200000001-2026.eur_uc' });
    assert.match(await made.innerText(), /9130[\s\S]*Arrêté du 2 juin 2026[\s\S]*en vigueur/);
  });

  test('on a telephone nothing is wider than the screen', async () => {
    const { page } = session;
    await page.setViewportSize({ width: 375, height: 800 });
    await parameters();
    const wide = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok((await wide()) <= 375, 'the list of files');
    await picture(page, 'parametres-375');
    await search('hors qpv cible');
    await page.getByRole('button', { name: `Changer ${TARGET}` }).click();
    assert.ok((await wide()) <= 375, 'a form');
    await picture(page, 'parametres-form-375');
    assert.deepEqual(await axeFaults(page), []);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('it is given back to the program, and the page says so', async () => {
    const { page } = session;
    await parameters();
    page.once('dialog', (dialog) => void dialog.accept());
    await page.locator('tr', { hasText: TARGET }).getByRole('button', { name: /Rendre/ }).click();
    await page.getByRole('status').filter({ hasText: 'valeur d’origine' }).waitFor();
    const after = await mixite();
    assert.deepEqual([after.target, /d’origine$/.test(after.version)], [25, true]);
    assert.equal((await trail(server, 'reglage_rendu')).length, 1);
    assert.deepEqual(session.faults.filter((f) => !/status of 400/.test(f)), []);
  });
});
