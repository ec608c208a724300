// What a conference asks of the screens: classes and values of one's own, two indicators at once, views that one finds again; and
// screens that can be shown: nothing cut, no code where there is a name, tables that say that they go on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Valeurs } from '../src/api/client';
import { axeFaults, contentOf, drawn, eventually, open, picture, quiet, readNumber, settle, type Session } from './harness';
import { ask, enter, serve, type Server } from './server';

let server: Server;
let session: Session;
before(async () => {
  [server, session] = [await serve(), await open({})];
  await enter(session.page, server, 'epci');
});
after(async () => {
  await session?.close();
  server?.stop();
});

async function map(path: string): Promise<void> {
  const { page } = session;
  await page.goto('about:blank');
  await page.goto(server.base + path);
  await page.locator('.legend').waitFor();
  await settle(page);
}
/** Whether the document scrolls sideways, and what is seen of a selection beyond the right edge of the window. */
const beyond = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate((what) => {
    const wide = document.documentElement.clientWidth;
    const out = [...document.querySelectorAll(what)].filter((e) => !e.closest('details:not([open]) .panel') && e.getBoundingClientRect().width > 0 && e.getBoundingClientRect().right > wide + 1 && !e.closest('.hidden, .skip'));
    const sideways = document.documentElement.scrollWidth > wide ? [`the document is ${document.documentElement.scrollWidth} px wide in ${wide}`] : [];
    return [...sideways, ...out.map((e) => e.outerHTML.slice(0, 80))];
  }, selector);
const values = (indicator: string, scale = 'commune'): Promise<Valeurs> => ask(session.page, `/api/valeurs/${scale}?indicateur=${indicator}&generation=2024&population=TOUS&dans=${territory}`);
let territory = '';

describe('classes of one’s own', () => {
  test('are typed in the legend, hold as they are, and travel with the address', async () => {
    const { page } = session;
    await map('/?indicateur=I02&echelle=commune');
    territory = new URL(page.url()).searchParams.get('dans') ?? '';
    assert.match(territory, /^epci:/, 'the account opens on its own territory');
    await page.getByLabel('Découpage des classes').selectOption('manuel');
    const field = page.getByLabel('Seuils, séparés par des points-virgules');
    // It begins with the classes that were there.
    assert.equal((await field.inputValue()).split(';').length, 4);
    await field.fill('45 ; 52,5');
    await field.press('Enter');
    await page.locator('.legend ol li').nth(2).waitFor();
    assert.deepEqual((await page.locator('.legend .range').allInnerTexts()).slice(0, 3).map((t) => t.replace(/\s/g, ' ')), ['52,5 % et plus', '45,0 à 52,5 %', 'moins de 45,0 %']);
    const known = (await values('I02')).valeurs.filter((v) => v != null);
    const counts = [known.filter((v) => v >= 52.5).length, known.filter((v) => v >= 45 && v < 52.5).length, known.filter((v) => v < 45).length];
    assert.deepEqual((await page.locator('.legend ol .n').allInnerTexts()).map(readNumber), counts);
    assert.match(decodeURIComponent(page.url()), /methode=manuel&seuils=I02:45,52\.5/);
    assert.match(await page.locator('.legend .foot').innerText(), /Seuils choisis/);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'ecrans-seuils');
    await page.reload();
    await page.locator('.legend ol li').nth(2).waitFor();
    assert.deepEqual((await page.locator('.legend ol .n').allInnerTexts()).map(readNumber), counts);
  });

  test('that can’t be read are refused in words, and change nothing', async () => {
    const { page } = session;
    const field = page.getByLabel('Seuils, séparés par des points-virgules');
    await field.fill('dix ; vingt');
    await field.press('Enter');
    assert.match(await page.locator('.legend [role=alert]').innerText(), /«\sdix\s» n’est pas un nombre/);
    assert.equal(await page.locator('.legend ol li').count(), 3);
    assert.match(decodeURIComponent(page.url()), /seuils=I02:45,52\.5/);
  });

  test('do not hold for another indicator', async () => {
    const { page } = session;
    await page.getByRole('button', { name: /Changer d’indicateur/ }).click();
    await page.getByRole('searchbox', { name: 'Rechercher un indicateur' }).fill('vacance');
    await page.getByRole('button', { name: /^Taux de vacance/ }).first().click();
    await page.locator('.legend h2', { hasText: 'Taux de vacance' }).waitFor();
    assert.equal(await page.getByLabel('Découpage des classes').inputValue(), 'quantiles');
    assert.equal(await page.getByLabel('Seuils, séparés par des points-virgules').count(), 0);
  });
});

test('values are written on the map and on the image, each beside the name of its commune', async () => {
  const { page } = session;
  await map('/?indicateur=I02&echelle=commune');
  await page.getByRole('checkbox', { name: 'Écrire les valeurs sur la carte' }).check();
  assert.match(page.url(), /etiquettes=oui/);
  await settle(page);
  await picture(page, 'ecrans-valeurs');
  await page.getByRole('button', { name: 'Montrer' }).click();
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), page.getByRole('button', { name: 'Image SVG' }).click()]);
  const svg = (await contentOf(download)).text;
  const labels = [...svg.matchAll(/<g id="valeurs">([\s\S]*?)<\/g>/g)].flatMap(([, g]) => [...(g ?? '').matchAll(/<text[^>]*>([\s\S]*?)<\/text>/g)].map(([, t]) => (t ?? '').replace(/<\/tspan><tspan[^>]*>/g, ' ').replace(/<[^>]+>/g, '').replace(/\s/g, ' ')));
  const { noms, valeurs } = await values('I02');
  assert.ok(labels.length >= noms.length / 2, `${labels.length} labels of ${noms.length}`);
  for (const label of labels) {
    // The map breaks a name after a hyphen.
    const i = noms.findIndex((nom) => label.replace(/- /g, '-').startsWith(nom.replace(/&/g, '&amp;')));
    assert.ok(i >= 0, label);
    const said = readNumber(label.slice(label.lastIndexOf(' ', label.indexOf('%') - 2)));
    assert.equal(said, Math.round((valeurs[i] ?? NaN) * 10) / 10, label);
  }
});

describe('two indicators at once', () => {
  test('colour each zone by its third of both, and the legend counts them', async () => {
    const { page } = session;
    await map('/?indicateur=I02&echelle=iris');
    await page.getByLabel('Croiser avec un second indicateur').selectOption('P10');
    const square = page.locator('.legend .square');
    await square.waitFor();
    const [a, b] = await Promise.all([values('I02', 'iris'), values('P10', 'iris')]);
    const both = a.codes.filter((code, i) => a.valeurs[i] != null && b.valeurs[b.codes.indexOf(code)] != null);
    const counts = (await square.locator('text').allTextContents()).map(readNumber);
    assert.equal(counts.length, 9);
    assert.equal(counts.reduce((s, n) => s + n, 0), both.length);
    // Equal thirds, but for values that are the same.
    for (const i of [0, 1, 2]) {
      const column = [0, 1, 2].reduce((s, j) => s + (counts[i + 3 * j] ?? 0), 0);
      assert.ok(Math.abs(column - both.length / 3) <= 3, `third ${i} of the first: ${column} of ${both.length}`);
    }
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'ecrans-croisement');
  });

  test('are told in the table with both values, in the same order as the thirds', async () => {
    const { page } = session;
    await page.getByRole('radio', { name: 'Tableau' }).check({ force: true });
    await page.locator('.twin tbody tr').first().waitFor();
    const rows = await page.locator('.twin tbody tr').evaluateAll((all) => all.map((r) => [...(r as HTMLTableRowElement).cells].map((c) => c.innerText.trim())));
    const head = await page.locator('.twin thead th').allInnerTexts();
    const at = head.findIndex((h) => h.startsWith('Croisement'));
    assert.ok(at > 2, head.join(' | '));
    for (const [side, column] of [[0, at - 2], [1, at - 1]] as const) {
      const of = (word: string): number[] => rows.filter((r) => r[at]?.split(' × ')[side] === word).map((r) => readNumber(r[column] ?? ''));
      const [low, middle, high] = [of('faible'), of('moyen'), of('élevé')];
      assert.ok(low.length > 0 && middle.length > 0 && high.length > 0);
      assert.ok(Math.max(...low) <= Math.min(...middle) && Math.max(...middle) <= Math.min(...high), `side ${side}`);
    }
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.twin').getByRole('button', { name: 'CSV', exact: true }).click()]);
    assert.match((await contentOf(download)).text.split('\r\n')[0] ?? '', /;croisement;/);
  });

  test('go out as an image with their square', async () => {
    const { page } = session;
    await page.getByRole('radio', { name: 'Carte' }).check({ force: true });
    await settle(page);
    await page.getByRole('button', { name: 'Montrer' }).click();
    const [download] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), page.getByRole('button', { name: 'Image SVG' }).click()]);
    const { text } = await contentOf(download);
    assert.ok(['#dcd8f2', '#be64ac', '#5ac8c8', '#3b4994'].every((c) => text.includes(`fill="${c}"`)));
    assert.match(text, /→ Ménages sous 40/);
  });
});

test('a piece taken out of the dossier comes back with its comment, in its place', async () => {
  const { page } = session;
  await map('/?indicateur=I02&echelle=commune');
  for (const again of [1, 2]) {
    await page.getByRole('button', { name: 'Montrer' }).click();
    await page.getByRole('button', { name: 'Ajouter au dossier' }).click();
    await page.getByText('La carte est ajoutée au dossier.').waitFor({ timeout: 40_000 });
    if (again === 1) await page.getByText('La carte est ajoutée au dossier.').waitFor({ state: 'detached' });
  }
  await page.goto(`${server.base}/dossier`);
  const comments = page.getByLabel('Commentaire');
  await comments.first().fill('À lire avant la séance');
  await comments.first().blur();
  await page.getByRole('button', { name: /^Retirer/ }).first().click();
  assert.equal(await comments.count(), 1);
  await page.getByRole('button', { name: 'Rétablir' }).click();
  assert.equal(await comments.count(), 2);
  assert.equal(await comments.first().inputValue(), 'À lire avant la séance');
  assert.equal(await page.getByRole('button', { name: 'Rétablir' }).count(), 0);
});

test('a draft of a grid that was erased is written again as it was', async () => {
  const { page } = session;
  interface Grids { grilles: { id: string; version: number | null; grille: { nom: string } }[] }
  const drafts = async (): Promise<unknown[]> => (await ask<Grids>(page, '/api/cotation/grilles')).grilles.filter((g) => g.version == null).map((g) => g.grille).sort((a, b) => a.nom.localeCompare(b.nom));
  await page.goto(`${server.base}/cotation#grilles`);
  await page.getByRole('button', { name: 'Effacer' }).first().waitFor();
  const before = await drafts();
  await page.getByRole('button', { name: 'Effacer' }).first().click();
  await page.getByText('Brouillon effacé.').waitFor();
  assert.equal((await drafts()).length, before.length - 1);
  await page.getByRole('button', { name: 'Le rétablir' }).click();
  await page.getByText('est de nouveau là').waitFor();
  assert.deepEqual(await drafts(), before);
});

describe('views', () => {
  const open_ = (): Promise<void> => session.page.locator('header summary[title="Mes vues"]').click();
  test('are kept by a name, found again on any page, deleted and brought back', async () => {
    const { page } = session;
    await map('/?indicateur=I02&echelle=iris&methode=manuel&seuils=I02:40,60');
    await open_();
    await page.locator('.views').getByText('Aucune vue gardée').waitFor();
    await page.getByLabel('Garder cette vue sous le nom').fill('Conférence de décembre');
    await page.getByRole('button', { name: 'Garder', exact: true }).click();
    const list = page.getByRole('list', { name: 'Vues gardées' });
    await list.getByRole('link', { name: /Conférence de décembre/ }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'ecrans-vues');
    // From another page, in one click.
    await page.goto(`${server.base}/aide`);
    await open_();
    await list.getByRole('link', { name: /Conférence de décembre/ }).click();
    await page.locator('.legend').waitFor();
    assert.match(decodeURIComponent(page.url()), /indicateur=I02.*methode=manuel&seuils=I02:40,60/);
    await settle(page);
    await open_();
    await page.getByRole('button', { name: 'Supprimer la vue Conférence de décembre' }).click();
    await list.waitFor({ state: 'detached' });
    await page.locator('.views').getByRole('button', { name: 'Annuler' }).click();
    await list.getByRole('link', { name: /Conférence de décembre/ }).waitFor();
  });

  test('are those of the account: another one on the same computer has none of them, the same one on another computer has them all', async () => {
    const { page } = session;
    const elsewhere = await open({});
    try {
      await enter(elsewhere.page, server, 'epci');
      await elsewhere.page.goto(`${server.base}/aide`);
      await elsewhere.page.locator('header summary[title="Mes vues"]').click();
      await elsewhere.page.getByRole('link', { name: /Conférence de décembre/ }).waitFor();
    } finally {
      await elsewhere.close();
    }
    // Another person signs in on the same computer.
    await page.context().clearCookies();
    await enter(page, server, 'ddets');
    await page.goto(`${server.base}/aide`);
    await quiet(page);
    await open_();
    await page.locator('.views').getByText('Aucune vue gardée').waitFor();
  });
});

test('« ? » shows the keyboard’s shortcuts on every page, but not while one types', async () => {
  const { page } = session;
  await page.goto(`${server.base}/aide`);
  await page.getByRole('searchbox', { name: 'Chercher une définition' }).press('?');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.locator('h1').click();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Au clavier' });
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /Montrer ces raccourcis/);
  assert.deepEqual(await axeFaults(page), []);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
});

describe('a screen that can be shown', () => {
  test('a table that is wider than a phone says so, and keeps its first column', async () => {
    const { page } = session;
    await page.setViewportSize({ width: 375, height: 800 });
    await page.goto(`${server.base}/tableaux`);
    const room = page.locator('.wide');
    await page.locator('table tbody.zones tr').first().waitFor();
    await page.waitForFunction(() => document.querySelector('.wide')?.hasAttribute('data-more'));
    assert.match(await room.evaluate((e) => getComputedStyle(e, '::before').content), /continue à droite/);
    const left = (): Promise<number> => page.locator('table tbody.zones th').first().evaluate((e) => Math.round(e.getBoundingClientRect().left));
    const before = await left();
    await room.evaluate((e) => (e.scrollLeft = e.scrollWidth));
    await page.waitForFunction(() => !document.querySelector('.wide')?.hasAttribute('data-more'));
    assert.ok(Math.abs((await left()) - before) <= 16, 'the name stays in sight');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('cards are as high as what they hold on a phone', async () => {
    const visitor = await open({});
    try {
      const { page } = visitor;
      await enter(page, server, 'bailleur');
      await page.setViewportSize({ width: 375, height: 800 });
      for (const path of ['/evenements', '/organisme', '/depots']) {
        await page.goto(server.base + path);
        await quiet(page);
        const cut = await page.locator('main .card').evaluateAll((all) => all.filter((e) => getComputedStyle(e).maxHeight === 'none' && e.scrollHeight > e.clientHeight + 1).map((e) => `${e.className}: ${e.clientHeight} of ${e.scrollHeight}`));
        assert.deepEqual(cut, [], path);
      }
      // The title of the page is whole in a usual window, whatever the menus beside it.
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${server.base}/mixite`);
      await page.waitForFunction(() => /\d{4}/.test(document.querySelector('h1')?.textContent ?? ''));
      await eventually(async () => assert.ok(await page.locator('h1').evaluate((e) => e.scrollWidth <= e.clientWidth), 'the title is cut'));
    } finally {
      await visitor.close();
    }
  });

  test('the portrait of a commune has no code and no secret line for who has no account', async () => {
    const visitor = await open({});
    try {
      const { page } = visitor;
      await page.goto(`${server.base}/aide`);
      const [zone] = (await ask<{ zones: { code: string }[] }>(page, '/api/zones?echelle=commune')).zones;
      await page.goto(`${server.base}/portrait?echelle=commune&code=${zone?.code}`);
      await page.getByRole('heading', { name: 'Chiffres clés' }).waitFor();
      await page.locator('.maps figure').first().waitFor();
      const text = await page.locator('.paper').innerText();
      assert.doesNotMatch(text, /\b[IP]\d\d[A-Z]?\b/);
      assert.doesNotMatch(text, /ménages répondants|^secret$/m);
      assert.match(text, /connectez-vous/i);
    } finally {
      await visitor.close();
    }
  });

  test('a sheet holds its columns, and the header of the map names the territory that is shown', async () => {
    const visitor = await open({});
    try {
      const { page } = visitor;
      await enter(page, server, 'commune');
      await page.goto(`${server.base}/`);
      await page.locator('.legend').waitFor();
      // A commune alone compares nothing: it opens among those of its EPCI, with its own sheet.
      await page.locator('.fiche h2').waitFor();
      const at = new URL(page.url()).searchParams;
      const [code, within] = [at.get('zone')?.split(':')[1], at.get('dans')?.split(':')];
      interface Listed { zones: { code: string; nom: string; logements: number; epci?: string }[] }
      const zone = (await ask<Listed>(page, '/api/zones?echelle=commune')).zones.find((z) => z.code === code);
      const around = (await ask<Listed>(page, '/api/zones?echelle=epci')).zones.find((z) => z.code === within?.[1]);
      assert.deepEqual([within?.[0], around?.code], ['epci', zone?.epci]);
      assert.equal(await page.locator('.fiche h2', { hasText: zone?.nom ?? '?' }).count(), 1);
      await page.locator('.legend .sub', { hasText: 'par commune' }).waitFor();
      assert.equal(await page.locator('header h1').innerText(), around?.nom);
      assert.equal(readNumber(/([\d\s\u202f\u00a0]+) logements/.exec(await page.locator('header .where p').innerText())?.[1] ?? ''), around?.logements);
      assert.equal(readNumber(await page.locator('.filters .kept strong').innerText()), around?.logements);
      // Its leases are not those of its EPCI.
      await page.goto(`${server.base}/mixite`);
      await page.locator('header .where p', { hasText: 'baux signés' }).waitFor();
      assert.ok((await page.locator('header .where p').innerText()).startsWith(zone?.nom ?? '?'));
      await page.goto(`${server.base}/?zone=commune:${code}`);
      await page.locator('.fiche tr.theme').first().waitFor();
      await settle(page);
      const body = page.locator('.fiche .body');
      assert.ok(await body.evaluate((e) => e.scrollWidth <= e.clientWidth + 1), 'the table stands in the panel');
    } finally {
      await visitor.close();
    }
  });

  test('the audit trail is read in words', async () => {
    const visitor = await open({});
    try {
      const { page } = visitor;
      await enter(page, server, 'administrateur');
      await page.goto(`${server.base}/administration#journal`);
      await page.locator('table tbody tr').nth(5).waitFor();
      const actions = await page.locator('table tbody tr').evaluateAll((all) => all.map((r) => (r as HTMLTableRowElement).cells[3]?.innerText.trim() ?? ''));
      assert.deepEqual(actions.filter((a) => !/^[A-ZÉ]/.test(a) || a.includes('_')), []);
      assert.deepEqual(await axeFaults(page), []);
    } finally {
      await visitor.close();
    }
  });

  test('what is new falls out of no window, down to 320 px', async () => {
    const { page } = session;
    await page.context().clearCookies();
    await enter(page, server, 'epci');
    for (const path of ['/?indicateur=I02&echelle=iris&croise=P10', '/?indicateur=I02&echelle=iris&methode=manuel&seuils=I02:40,60&etiquettes=oui']) {
      await map(path);
      for (const width of [320, 375, 640]) {
        await page.setViewportSize({ width, height: 740 });
        // Once the page is a phone's; that it fits before it knows is tested below.
        await page.locator('header summary[title="Pages"]').waitFor();
        await drawn(page);
        if (await page.locator('.legend.folded').count()) await page.locator('.legend .fold').click();
        await eventually(async () => assert.deepEqual(await beyond(page, '.legend *, header *'), [], `${path} at ${width}`));
        await page.locator('header summary[title="Mes vues"]').click();
        const box = await page.locator('.views').boundingBox();
        assert.ok(box && box.x >= 0 && box.x + box.width <= width, `views at ${width}: ${JSON.stringify(box)}`);
        assert.deepEqual(await axeFaults(page), []);
        await page.keyboard.press('Escape');
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  });
});

test('no fault was told to the browser', () => assert.deepEqual(session.faults.filter((fault) => !/40[013]/.test(fault)), []));
