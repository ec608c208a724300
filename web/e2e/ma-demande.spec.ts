// The applicant's page on a telephone: a number and a birth date give the note in plain words; wrong ones give one answer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serve, type Server } from './server';
import { axeFaults, fits, open, picture, settle, type Session } from './harness';

let server: Server;
let session: Session;
/** An applicant of the demonstration who waits for a dwelling and whose note may be read. */
let own: { numero: string; naissance: string };
before(async () => {
  server = await serve();
  session = await open({});
  await session.page.setViewportSize({ width: 375, height: 800 });
  const [head = '', ...lines] = readFileSync(join(process.env['DEMO_FILES'] ?? '', 'demandes_2024.csv'), 'utf8').trim().split('\n');
  const at = (name: string) => head.trim().split(';').indexOf(name);
  const cells = lines.map((l) => l.split(';'));
  const row = cells.find((c) => c[at('statut')] === 'ACTIVE' && c[at('mutation')] === 'NON' && c[at('motifs')]?.includes('06') === false && c[at('priorite_l441_1')] === '' && c[at('mode_logement')] === 'HOT');
  assert.ok(row);
  own = { numero: row[at('nud')] ?? '', naissance: row[at('date_naissance')] ?? '' };
});
after(async () => {
  await session?.close();
  server?.stop();
});

async function fill(numero: string, naissance: string): Promise<void> {
  const { page } = session;
  const [year = '', month = '', day = ''] = naissance.split('-');
  await page.getByLabel('Numéro unique').fill(numero);
  await page.getByLabel('Jour').fill(String(Number(day)));
  await page.getByLabel('Mois').selectOption(month);
  await page.getByLabel('Année').fill(year);
  await page.getByRole('button', { name: 'Voir ma note' }).click();
}
async function sound(name: string): Promise<void> {
  const { page } = session;
  await settle(page);
  await fits(page, name);
  assert.deepEqual(await axeFaults(page), [], name);
  await picture(page, `ma-demande-${name}`);
}

describe('an applicant on a telephone', () => {
  test('a wrong birth date says nothing of the number, and what was typed stays', async () => {
    const { page } = session;
    await page.goto(`${server.base}/ma-demande`);
    await page.getByRole('button', { name: 'Voir ma note' }).waitFor();
    await sound('question');
    await fill(own.numero, '1931-01-02');
    const wrong = await page.getByRole('alert').innerText();
    await fill('0739999918901902XX', own.naissance);
    assert.equal(await page.getByRole('alert').innerText(), wrong);
    assert.match(wrong, /guichet/);
    await sound('refus');
  });

  test('the note, its detail, the place and the papers to give', async () => {
    const { page } = session;
    await fill(own.numero, own.naissance);
    await page.getByRole('heading', { name: 'Votre demande' }).waitFor();
    const card = page.locator('section.card').first();
    for (const name of ['Votre place', 'Le temps d’attente', 'D’où viennent vos points', 'Les papiers à donner']) await card.getByRole('heading', { name }).waitFor();
    // The parts add up to the note.
    const numbers = await card.locator('.points').first().locator('b').allInnerTexts();
    const values = numbers.map((t) => Number(t.replace(/[\s\u202f]/g, '').replace('−', '-')));
    const total = values.pop() ?? NaN;
    assert.equal(values.reduce((a, b) => a + b, 0), total);
    await sound('note');
    assert.ok(!(await page.content()).includes(own.numero), 'the number is not repeated');
    assert.ok(!page.url().includes(own.numero), 'nor in the address');
    await page.getByRole('button', { name: 'Fermer et effacer' }).click();
    assert.equal(await page.getByLabel('Numéro unique').inputValue(), '');
  });
});
