// The page of social mix says what the HTTP interface says, and its address holds its choices.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axeFaults, BASE_URL, contentOf, follow, get, open, readNumber, settle, type Session } from './harness';

interface Score { regle: string; secret: boolean; part: number | null; numerateur: number | null; denominateur: number | null; ecart: number | null; respectee: boolean | null; etat: string }
interface Line { code: string; nom: string; baux: number; scores: Score[] }
interface Mix { annee: number; annees: number[]; communes: { code: string; nom: string }[]; regles: { libelle: string }[]; ensemble: Line; lignes: Line[]; dalo: { dalo: { part_qpv: number | null } } }

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

async function visit(path: string): Promise<void> {
  await session.page.goto(BASE_URL + path);
  await session.page.locator('main article').first().waitFor();
  await settle(session.page);
}

describe('the page of social mix', () => {
  test('is reached from the map and shows every target as the interface gives it', async () => {
    const { page } = session;
    await page.goto(BASE_URL);
    await follow(page, 'Mixité', 'Objectifs de mixité');
    await page.locator('main article').first().waitFor();
    const mix = await get<Mix>('/api/mixite');
    const cards = page.locator('main article');
    assert.equal(await cards.count(), mix.regles.length);
    for (const [i, rule] of mix.regles.entries()) {
      const score = mix.ensemble.scores[i];
      assert.ok(score && !score.secret);
      assert.equal(await cards.nth(i).locator('h3').innerText(), rule.libelle);
      assert.equal(readNumber(await cards.nth(i).locator('.value').innerText()), score.part);
      const verdict = await cards.nth(i).locator('.verdict').innerText();
      if (score.respectee) assert.match(verdict, /atteint|respecté/);
      // A finding, a default clause, a rule judged elsewhere: said without a verdict, hence without a number to make up.
      else if (score.respectee === null) assert.ok(score.etat !== 'applicable' && /^[^\d]+$/.test(verdict), `${score.etat}: ${verdict}`);
      else assert.equal(readNumber(/\d.*/.exec(verdict)?.[0] ?? ''), score.ecart);
    }
  });

  test('shows each line with its shares, and nothing of the secret ones', async () => {
    const { page } = session;
    await visit('/mixite?par=commune');
    const mix = await get<Mix>('/api/mixite?par=commune');
    const rows = page.locator('section[aria-labelledby=lignes] tbody tr');
    assert.equal(await rows.count(), mix.lignes.length + 1);
    let secrets = 0;
    for (const [i, line] of mix.lignes.entries()) {
      assert.equal(await rows.nth(i).locator('th').innerText(), line.nom);
      const cells = await rows.nth(i).locator('td').allInnerTexts();
      for (const [j, score] of line.scores.entries()) {
        const text = cells[j + 1] ?? '';
        if (score.secret) assert.equal(text, 'secret');
        else if (score.part === null) assert.equal(text, '—');
        else assert.equal(readNumber(text), score.part);
        secrets += Number(score.secret);
      }
    }
    assert.ok(secrets > 0, 'a demonstration without a secret would prove nothing');
  });

  test('keeps its choices in the address and follows them', async () => {
    const { page } = session;
    await visit('/mixite');
    const mix = await get<Mix>('/api/mixite');
    const commune = mix.communes.find((c) => mix.lignes.length > 0 && c.nom.startsWith('Orme')) ?? mix.communes[0];
    assert.ok(commune);
    await page.getByLabel('Commune', { exact: true }).selectOption(commune.code);
    await page.getByRole('radio', { name: '2023' }).check();
    await settle(page);
    assert.match(page.url(), new RegExp(`annee=2023&commune=${commune.code}`));
    const narrowed = await get<Mix>(`/api/mixite?annee=2023&commune=${commune.code}`);
    assert.equal(readNumber(await page.locator('main article .value').first().innerText()), narrowed.ensemble.scores[0]?.part);
    await page.reload();
    await page.locator('main article').first().waitFor();
    assert.equal(readNumber(await page.locator('main article .value').first().innerText()), narrowed.ensemble.scores[0]?.part);
  });

  test('exports the lines to a file that a French spreadsheet opens', async () => {
    const { page } = session;
    await visit('/mixite');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    const { name, text } = await contentOf(download);
    const mix = await get<Mix>('/api/mixite');
    assert.match(name, /^mosaique_mixite_\d{4}_par-bailleur\.csv$/);
    const lines = text.trim().split(/\r?\n/);
    assert.ok(text.startsWith('\u{feff}'));
    assert.equal(lines.length, mix.lignes.length + 2);
    assert.equal((lines.at(-1) ?? '').split(';')[4], String(mix.ensemble.scores[0]?.part).replace('.', ','));
  });

  test('says what to do when a choice does not exist', async () => {
    const { page } = session;
    await page.goto(`${BASE_URL}/mixite?commune=00000`);
    await page.getByRole('alert').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /00000/);
    await page.getByRole('link', { name: 'Tout afficher' }).click();
    await page.locator('main article').first().waitFor();
    // The refusal above is the only fault that the browser saw.
    assert.equal(session.faults.filter((f) => !/400/.test(f)).length, 0);
  });

  test('axe finds no fault', async () => {
    await visit('/mixite');
    assert.deepEqual(await axeFaults(session.page), []);
  });
});
