// A bailleur deposits a damaged file, mends it in the page, accepts it and sees the figures change; withdrawing gives them back.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, enter, serve, trail, type Server } from './server';
import { axeFaults, contentOf, eventually, open, picture, settle, type Session } from './harness';

interface Sheet { couverture: { logements: number; repondants: number | null }; avertissements: string[] }
const FILES = process.env['DEMO_FILES'] ?? '../demo/fichiers';

let server: Server;
let session: Session;
let siren = '';
before(async () => {
  server = await serve({ copy: true });
  session = await open({});
  await enter(session.page, server, 'bailleur');
  siren = (await ask<{ code: string }>(session.page, '/api/organisation')).code;
});
after(async () => {
  await session?.close();
  server?.stop();
});

/** The survey of 2024 of this bailleur: header and rows. */
function survey(): { header: string[]; rows: string[][] } {
  const [head = '', ...lines] = readFileSync(`${FILES}/ops_2024.csv`, 'utf8').replace(/^\ufeff/, '').split(/\r?\n/).filter(Boolean);
  const header = head.split(';');
  const at = header.indexOf('bailleur_siren');
  return { header, rows: lines.map((l) => l.split(';')).filter((r) => r[at] === siren) };
}
const axe = async (): Promise<void> => assert.deepEqual(await axeFaults(session.page), []);
const tile = async (name: string): Promise<number> => {
  const text = await session.page.locator('.tiles li', { hasText: name }).innerText();
  return Number(/[\d\s\u202f]+/.exec(text)?.[0].replace(/\D/g, ''));
};

describe('deposits', () => {
  test('an empty page says what to do, and gives templates that are read', async () => {
    const { page } = session;
    await page.goto(`${server.base}/depots`);
    await page.getByText('Aucun dépôt pour le moment').waitFor();
    await axe();
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[href="/api/modeles/ops_reponse.csv"]').click()]);
    const { text } = await contentOf(download);
    assert.match(text, /^\ufeffvague;bailleur_siren;/);
    const schema = await ask<{ fields: unknown[] }>(page, '/api/modeles/ops_reponse.schema.json');
    assert.equal(text.split('\r\n')[0]?.split(';').length, schema.fields.length);
  });

  test('a damaged file is checked, mended in the page and accepted, and the figures change', async () => {
    const { page } = session;
    const { header, rows } = survey();
    const column = (name: string): number => header.indexOf(name);
    // A third of the households forgotten, a row of another bailleur, two rows of another wave.
    const kept = rows.filter((_, i) => i % 3 !== 0).map((r) => [...r]);
    const [first, second] = [kept[4], kept[9]];
    assert.ok(first && second);
    first[column('vague')] = '2018';
    second[column('vague')] = '';
    const stranger = [...(kept[20] ?? [])];
    stranger[column('bailleur_siren')] = '732829320';
    stranger[column('ident_rep')] = '9999999999';
    const csv = [header, ...kept, stranger].map((r) => r.join(';')).join('\n');
    await page.goto(`${server.base}/depots`);
    await page.getByLabel('Vague').fill('2024');
    await page.getByLabel('Fichier à déposer').setInputFiles({ name: 'ops_2024_abime.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.getByRole('tab', { name: /Lignes rejetées/ }).waitFor();
    assert.equal(await tile('lignes lues'), kept.length + 1);
    assert.equal(await tile('rejetée') >= 3, true, 'two waves and a stranger');
    await page.locator('tbody tr').first().waitFor();
    await axe();
    const rejected = await tile('rejetée');

    // Only cells are typed; Ctrl + Enter checks anew.
    const cells = page.locator('tbody tr', { hasText: 'vague' }).locator('input');
    assert.equal(await cells.count(), 2);
    for (let i = 0; i < 2; i++) await cells.nth(i).fill('2024');
    await page.keyboard.press('Control+Enter');
    await page.waitForFunction((n) => document.querySelector('[role=tab]')?.textContent?.includes(`(${n})`), rejected - 2);
    assert.equal(await tile('rejetée'), rejected - 2);

    // What is lost is shown before acceptance.
    await page.getByRole('tab', { name: /Comparaison/ }).click();
    await page.getByText(/perd \d+\s% de ses ménages/).first().waitFor();
    await axe();

    const before = await ask<Sheet>(page, `/api/zones/departement/01?bailleur=${siren}&vague=2024`);
    await page.getByRole('button', { name: 'Accepter le dépôt' }).click();
    await page.getByRole('button', { name: 'Oui, accepter' }).click();
    await page.getByText(/Chiffres à jour/).waitFor();
    const after = await ask<Sheet>(page, `/api/zones/departement/01?bailleur=${siren}&vague=2024`);
    const [b, a] = [before.couverture.repondants ?? 0, after.couverture.repondants ?? 0];
    // A third is gone of most groups of addresses, less than eleven of each: what was published stays there, and the figure says so.
    assert.ok(a < b && a > b * 0.6, `some of a third is gone: ${b} → ${a}`);
    assert.ok(after.avertissements.some((w) => /^Chiffres des ménages de l.édition \d+/.test(w)), after.avertissements.join(' | '));
    assert.equal(after.couverture.logements, before.couverture.logements, 'the register stays');

    await page.getByRole('tab', { name: 'Historique' }).click();
    const history = (await page.locator('[role=tabpanel] tbody tr').allInnerTexts()).join('\n');
    for (const act of ['Déposé', 'Contrôlé', 'Corrigé', 'Accepté']) assert.match(history, new RegExp(act));

    await page.getByRole('button', { name: 'Retirer ce dépôt' }).click();
    await page.getByRole('button', { name: 'Retirer', exact: true }).click();
    await page.locator('header .tag', { hasText: 'retiré' }).or(page.locator('article .tag', { hasText: 'retiré' })).first().waitFor();
    await page.getByText(/Chiffres à jour/).waitFor();
    const back = await ask<Sheet>(page, `/api/zones/departement/01?bailleur=${siren}&vague=2024`);
    assert.deepEqual(back.couverture, before.couverture);
  });

  test('rejected rows go out as a file, come back mended, and a file that is no table says so', async () => {
    const { page } = session;
    const { header, rows } = survey();
    const bad = rows.slice(0, 40).map((r) => [...r]);
    bad[7]![header.indexOf('vague')] = '2018';
    await page.goto(`${server.base}/depots`);
    await page.getByLabel('Vague').fill('2024');
    await page.getByLabel('Fichier à déposer').setInputFiles({ name: 'petit.csv', mimeType: 'text/csv', buffer: Buffer.from([header, ...bad].map((r) => r.join(';')).join('\n')) });
    await page.getByRole('tab', { name: /Lignes rejetées/ }).waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Lignes rejetées (CSV)' }).click()]);
    const { text } = await contentOf(download);
    const lines = text.trim().split(/\r?\n/);
    const mended = lines.filter((l, i) => i === 0 || l.startsWith('9;')).map((l) => l.replace(';2018;', ';2024;'));
    const wave = (mended[0] ?? '').split(';').indexOf('vague');
    assert.equal((mended[1] ?? '').split(';')[wave], '2024', text.slice(-400));
    const left = lines.length - 2;
    await page.getByLabel('Lignes corrigées').setInputFiles({ name: 'lignes.csv', mimeType: 'text/csv', buffer: Buffer.from(mended.join('\n')) });
    await page.waitForFunction((n) => document.querySelector('.tiles .bad strong, .tiles li:nth-child(4) strong')?.textContent === String(n), left);

    await page.goto(`${server.base}/depots`);
    await page.getByLabel('Fichier à déposer').setInputFiles({ name: 'photo.csv', mimeType: 'text/csv', buffer: Buffer.from('%PDF-1.7\nrien') });
    await page.getByText(/document PDF/).first().waitFor();
    await axe();
    await settle(page);
    assert.deepEqual(session.faults.filter((f) => !f.includes(server.base)), []);
  });

  test('a dwelling that another bailleur deposits too is told, with whom it counts for', async () => {
    const { page } = session;
    const [head = '', ...lines] = readFileSync(`${FILES}/rpls_2024.csv`, 'utf8').split(/\r?\n/).filter(Boolean);
    const at = head.replace(/^\ufeff/, '').split(';').indexOf('SIRET');
    const siret = (line: string): string => line.split(';')[at] ?? '';
    const mine = lines.filter((l) => siret(l).startsWith(siren) && !l.includes('"')).slice(0, 30);
    const other = lines.find((l) => siret(l).length === 14 && !siret(l).startsWith(siren));
    const [claimed] = mine;
    assert.ok(other && claimed);
    const theirs = [other, claimed.split(';').map((c, i) => (i === at ? siret(other) : c)).join(';')];
    const folder = mkdtempSync(join(tmpdir(), 'mosaique-depots-'));
    for (const [name, rows] of [[siren, mine], [siret(other).slice(0, 9), theirs]] as const) {
      const file = join(folder, `${name}.csv`);
      writeFileSync(file, [head, ...rows].join('\n'));
      server.run('import', 'rpls', file, '--millesime', '2024', '--bailleur', name, '--remplacer');
    }
    rmSync(folder, { recursive: true });
    // What is imported comes into force with the figures made from it; the server takes them up within seconds.
    server.run('build');
    await eventually(async () => assert.ok((await ask<unknown[]>(page, '/api/depots/revendications')).length > 0, 'no claim'), 60_000);
    await page.goto(`${server.base}/depots`);
    const row = page.locator('section[aria-labelledby=revendiques] tbody tr');
    await row.first().waitFor();
    assert.equal(await row.count(), 1);
    assert.match(await row.innerText(), new RegExp(claimed.split(';')[0] ?? 'aucun'));
    const [told] = await ask<{ a_vous: boolean; autres: { siren: string }[]; compte_chez: { siren: string } }[]>(page, '/api/depots/revendications');
    assert.deepEqual(told?.autres.map((b) => b.siren), [siret(other).slice(0, 9)]);
    assert.equal(told?.compte_chez.siren, siren, 'the register says whose it is');
    await axe();
    await picture(page, 'depots-revendications');
  });

  test('each act has its line in the trail', async () => {
    for (const action of ['depot', 'depot_corrige', 'depot_accepte', 'depot_retire']) assert.ok((await trail(server, action)).length > 0, action);
  });

  test('nobody else has a workspace here', async () => {
    const other = await open({});
    try {
      await enter(other.page, server, 'epci');
      await other.page.goto(`${server.base}/depots`);
      await other.page.getByText('Ces pages sont celles des bailleurs').waitFor();
      assert.equal(await other.page.evaluate(async () => (await fetch('/api/depots')).status), 403);
    } finally {
      await other.close();
    }
  });
});
