// On paper: the map, portraits, social mix, residences at stake. Nothing cut, no text on text, place, source and scale bar.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { shownZone } from './figures';
import { BASE_URL, get, open, settle, visit, type Session } from './harness';
import { onPaper, textFaults, WIDTHS } from './paper';
import { scaleOf, sheetFaults, sheetsOf, shrunk, sizesOf } from './sheets';

interface Zone { code: string; nom: string; logements: number }
let session: Session;
before(async () => {
  session = await open();
  await session.page.addInitScript(() => void ((window as unknown as { print: () => void }).print = () => document.body.setAttribute('data-imprime', 'oui')));
});
after(() => session.close());
const largest = async (scale: string): Promise<Zone | undefined> => (await get<{ zones: Zone[] }>(`/api/zones?echelle=${scale}`)).zones.sort((a, b) => b.logements - a.logements)[0];

test('what looks for faults finds them', async () => {
  const { page } = session;
  await page.goto(`${BASE_URL}/aide`);
  await page.setContent(`<div style="position:relative;width:300px;font:16px sans-serif">
    <p style="position:absolute;top:10px;left:0">Premier texte</p><p style="position:absolute;top:14px;left:20px">Second texte</p>
    <p style="position:absolute;top:80px;left:0;width:60px;overflow:hidden;white-space:nowrap">Coupé par sa boîte</p>
    <p style="position:absolute;top:120px;left:1270px;white-space:nowrap">Hors du papier</p><p style="position:absolute;top:200px">Seul</p></div>`);
  const faults = await textFaults(page);
  assert.equal(faults.filter((f) => f.startsWith('l’un sur l’autre')).length, 1, faults.join('\n'));
  assert.equal(faults.filter((f) => f.startsWith('coupé')).length, 1, faults.join('\n'));
  assert.equal(faults.filter((f) => f.startsWith('hors')).length, 1, faults.join('\n'));
});

test('what looks for faults of sheets finds them, and none on a page that has none', async () => {
  const { page } = session;
  await page.goto(`${BASE_URL}/aide`);
  const text = '<p>Un premier paragraphe</p><p>Un autre paragraphe</p><p>Encore un autre</p><p>Et un quatrième</p><p>Puis un dernier</p>';
  const seen = async (html: string): Promise<{ faults: string[]; scale: number | null }> => {
    await page.setContent(`<style>@page { size: A4; margin: 12mm } body { margin: 0; font: 14px sans-serif }</style>${html}`);
    await page.emulateMedia({ media: 'print' });
    const sheets = await sheetsOf(await page.pdf({ preferCSSPageSize: true }));
    const scale = scaleOf(sheets, await sizesOf(page));
    await page.emulateMedia({ media: 'screen' });
    return { faults: [...sheetFaults(sheets), ...shrunk(scale)], scale };
  };
  const whole = await seen(text);
  assert.deepEqual(whole.faults, []);
  assert.ok(whole.scale !== null && Math.abs(whole.scale - 1) < 0.01, String(whole.scale));
  assert.match((await seen(`${text}<div style="width:1000px">Trop large</div>`)).faults.join(), /rapetissé à \d+ %/);
  assert.match((await seen(`${text}<p style="position:absolute;top:16px;left:30px">Posé dessus</p>`)).faults.join(), /l’un sur l’autre/);
});

describe('the map on paper', () => {
  for (const theme of ['clair', 'sombre'] as const) {
    test(`has place, legend, scale bar and source on one sheet, in the ${theme} theme`, async () => {
      const { page } = session;
      await page.goto(`${BASE_URL}/aide`);
      await page.evaluate((t) => localStorage.setItem('mosaique.theme', t), theme);
      const [zone] = [await shownZone('commune', 'I02')];
      // Near one commune: paper shows the territory all the same.
      await visit(page, `/?indicateur=I02&echelle=commune&f.financement=PLUS#12.5/${zone.centre[1]}/${zone.centre[0]}`);
      // Printed by the menu of the browser, the page says how the map is printed; its keys print the sheet.
      await page.emulateMedia({ media: 'print' });
      assert.match(await page.locator('body').innerText(), /«\sImprimer la carte\s»/);
      await page.emulateMedia({ media: 'screen' });
      if (theme === 'clair') await page.keyboard.press('Control+p');
      else {
        await page.getByRole('button', { name: 'Montrer' }).click();
        await page.getByRole('button', { name: 'Imprimer la carte' }).click();
      }
      await page.locator('[data-imprime=oui]').waitFor();
      const text = await page.locator('.sheet').evaluate((e) => e.textContent ?? '');
      const { faults, pages } = await onPaper(page, WIDTHS.sheet, `carte-${theme}`);
      assert.deepEqual(faults, []);
      assert.equal(pages, 1);
      assert.match(text, /communes · Tous les ménages, par commune · Financement|, par commune · /);
      assert.match(text, /Source\s: OPS/);
      assert.match(text, /\d+ k?m/);
      await page.evaluate(() => localStorage.removeItem('mosaique.theme'));
    });
  }
});

describe('a portrait on paper', () => {
  for (const scale of ['epci', 'commune', 'qpv2024', 'iris'] as const) {
    test(`of a zone of ${scale} has its maps, and no finding that is so by definition`, async (t) => {
      const { page } = session;
      const zone = await largest(scale);
      if (!zone) return t.skip(`no zone of ${scale}`);
      await page.goto(`${BASE_URL}/portrait?echelle=${scale}&code=${zone.code}`);
      await page.locator('.paper h1', { hasText: zone.nom }).waitFor();
      await page.locator('.maps[aria-busy=false]').waitFor();
      await settle(page);
      const maps = page.locator('.maps img');
      assert.ok((await maps.count()) >= 1, 'a map at least');
      for (const map of await maps.all()) assert.ok(await map.evaluate((i) => (i as HTMLImageElement).naturalWidth > 600 && (i as HTMLImageElement).src.length > 20_000));
      const text = await page.locator('.paper').innerText();
      if (scale === 'qpv2024') assert.doesNotMatch(text, /Logements en QPV 2024/);
      const { faults, pages } = await onPaper(page, WIDTHS.portrait, `portrait-${scale}`);
      assert.deepEqual(faults, []);
      assert.ok(pages <= 2, `${pages} sheets`);
    });
  }
});

describe('pages on paper', () => {
  for (const [name, path, ready, parts] of [
    ['mixite', '/mixite', '#lignes', ['Objectifs de mixité', 'baux signés jusqu’au', 'Source : attributions', 'droits de lecture :']],
    ['enjeux', '/enjeux', '#rang', ['Résidences à enjeu', 'Source : OPS']],
  ] as const) {
    test(`${path} is whole, with its scope and its source`, async () => {
      const { page } = session;
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(BASE_URL + path);
      await page.locator(ready).waitFor();
      await settle(page);
      const { faults, text } = await onPaper(page, WIDTHS.landscape, name);
      assert.deepEqual(faults, []);
      for (const part of parts) assert.ok(text.includes(part), part);
    });
  }
});

test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
