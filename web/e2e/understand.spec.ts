// Understand: the sheet of a zone explains each figure, compares it, and tells its past, with the figures of the interface.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { figureOf, shownZone, type Figure, type Indicator, type Measure, type Values } from './figures';
import { axeFaults, get, open, readNumber, settle, spaced, visit, type Session } from './harness';

interface Full extends Figure { numerateur: number | null; denominateur: number | null; repondants: number | null; motif: string | null }

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

const measureOf = (scale: string, code: string, query = ''): Promise<Measure> => get<Measure>(`/api/zones/${scale}/${code}?population=TOUS${query}`);

describe('the sheet', () => {
  test('gives the interval of a share, computed from the counts of the interface', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I02');
    await visit(page, `/?indicateur=I02&echelle=commune&zone=commune:${zone.code}`);
    const figure = figureOf(await measureOf('commune', zone.code), 'I02') as Full;
    const [x, n] = [figure.numerateur ?? 0, figure.denominateur ?? 0];
    // Wilson (1927), roots of the quadratic in p, not the closed form of the page.
    const z2 = 1.959963985 ** 2;
    const [a, b, c] = [1 + z2 / n, -(2 * (x / n) + z2 / n), (x / n) ** 2];
    const root = Math.sqrt(b * b - 4 * a * c);
    const shown = [...(await page.locator('.fiche .headline .interval').innerText()).matchAll(/\d+,\d/g)].slice(0, 2).map((m) => readNumber(m[0]));
    assert.deepEqual(shown, [(-b - root) / (2 * a), (-b + root) / (2 * a)].map((p) => Number((100 * p).toFixed(1))));
  });

  test('explains a figure: definition, counts, article, secrecy, surroundings', async () => {
    const { page } = session;
    const zone = await shownZone('iris', 'I02');
    await visit(page, `/?indicateur=I02&echelle=iris&zone=iris:${zone.code}`);
    const indicator = (await get<(Indicator & { definition: string; reference: string })[]>('/api/indicateurs')).find((i) => i.id === 'I02');
    const figure = figureOf(await measureOf('iris', zone.code), 'I02') as Full;
    assert.ok(indicator);
    await page.getByRole('button', { name: `Comment ce chiffre est-il calculé ? ${indicator.libelle}` }).click();
    const said = spaced(await page.locator('.explain').innerText());
    assert.ok(said.includes(spaced(indicator.definition)));
    assert.ok(said.includes(spaced(indicator.reference)));
    for (const n of [figure.numerateur, figure.denominateur]) if (n !== null) assert.ok(said.replace(/[\u00a0\u202f]/g, '').includes(String(n)), `${n}`);
    assert.match(said, /règle respectée|arrondi/);
    // Commune, EPCI and département are there, as the interface gives them.
    await page.locator('.explain dt', { hasText: 'Ailleurs' }).waitFor();
    const elsewhere = await page.locator('.explain dt:text("Ailleurs") + dd .line').allInnerTexts();
    assert.equal(elsewhere.length, 3);
    const line = elsewhere.at(-1) ?? '';
    const [departement] = (await get<{ zones: { code: string; nom: string }[] }>('/api/zones?echelle=departement')).zones;
    assert.ok(departement && line.startsWith(departement.nom), line);
    const whole = figureOf(await measureOf('departement', departement.code), 'I02');
    assert.equal(readNumber(line.slice(line.indexOf(': ') + 2)), Number(whole.valeur?.toFixed(whole.decimales)));
  });

  test('shows the past of the figure, wave by wave', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I02');
    await visit(page, `/?indicateur=I02&echelle=commune&zone=commune:${zone.code}`);
    const trend = page.locator('.fiche figure table', { hasText: 'Évolution par enquête' });
    await trend.waitFor({ state: 'attached' });
    const years = (await trend.locator('thead th').allTextContents()).slice(1);
    assert.ok(years.length >= 2);
    const cells = await trend.locator('tbody tr').first().locator('td').allTextContents();
    for (const [i, year] of years.entries()) {
      const figure = figureOf(await measureOf('commune', zone.code, `&vague=${year}`), 'I02');
      assert.equal(readNumber(cells[i] ?? ''), Number(figure.valeur?.toFixed(1)), year);
    }
  });

  test('says why a figure is secret and what would show one', async (t) => {
    const { page } = session;
    const values = await get<Values>('/api/valeurs/residence?indicateur=I02&population=RECENTS');
    const i = values.secret.indexOf(true);
    if (i < 0) return t.skip('no residence is under secrecy');
    await visit(page, `/?indicateur=I02&echelle=residence&population=RECENTS&zone=residence:${encodeURIComponent(values.codes[i] ?? '')}`);
    const figure = figureOf(await get<Measure>(`/api/zones/residence/${encodeURIComponent(values.codes[i] ?? '')}?population=RECENTS`), 'I02') as Full;
    const said = await page.locator('.fiche .headline').innerText();
    assert.match(said, /secret statistique/);
    assert.ok(spaced(said).toLowerCase().includes((figure.motif ?? '?').toLowerCase()), said);
    assert.match(said, /choisissez «\sTous\s» les ménages/);
    assert.equal(await page.getByTestId('valeur').count(), 0);
  });

  test('compares with a territory chosen by name, by the keyboard, and the address keeps it', async () => {
    const { page } = session;
    const [first, second] = (await get<{ zones: { code: string; nom: string }[] }>('/api/zones?echelle=commune')).zones;
    assert.ok(first && second);
    await visit(page, `/?indicateur=I02&echelle=commune&zone=commune:${first.code}`);
    await page.getByRole('combobox', { name: 'Comparer à un autre territoire' }).focus();
    await page.keyboard.type(second.code);
    await page.getByRole('option', { name: second.nom }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/avec=commune/);
    await page.locator('.fiche thead .ref', { hasText: second.nom }).waitFor();
    const other = await measureOf('commune', second.code);
    const labels = new Map((await get<Indicator[]>('/api/indicateurs')).map((i) => [i.libelle, i.id]));
    for (const row of await page.locator('.fiche tbody tr:has(td.value)').all()) {
      const figure = figureOf(other, labels.get(spaced(await row.locator('th button').innerText())) ?? '?');
      const text = await row.locator('td.ref').first().innerText();
      if (figure.secret) assert.match(text, /secret/);
      else if (figure.valeur !== null) assert.equal(readNumber(text), Number(figure.valeur.toFixed(figure.decimales)));
    }
    await page.reload();
    await page.locator('.fiche thead .ref', { hasText: second.nom }).waitFor();
    await settle(page);
  });

  test('axe finds no fault in an explained figure', async () => {
    const { page } = session;
    const zone = await shownZone('commune', 'I02');
    await visit(page, `/?indicateur=I02&echelle=commune&zone=commune:${zone.code}`);
    await page.getByRole('button', { name: /^Comment ce chiffre est-il calculé \? / }).first().click();
    await page.locator('.explain').waitFor();
    assert.deepEqual(await axeFaults(page), []);
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});
