// Explore and compare (domaine §3.2, steps 1 to 5): territory, classes, circles, facets, two waves, scatter plot, ranking.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { shownZone, type Catalogue, type ListedZone, type Values } from './figures';
import { axeFaults, contentOf, eventually, get, onScreen, open, readNumber, settle, spaced, visit, type Session } from './harness';

interface Facets { logements: number; filtres: { id: string; libelle: string; modalites: { code: string; libelle: string; logements: number }[] }[] }
interface Counted extends Values { numerateurs: (number | null)[]; denominateurs: (number | null)[]; repondants: (number | null)[]; logements: number[]; reference: { valeur: number | null } }

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

const zonesOf = async (scale: string): Promise<ListedZone[]> => (await get<{ zones: ListedZone[] }>(`/api/zones?echelle=${scale}`)).zones;
const waves = async (): Promise<number[]> => (await get<Catalogue & { millesimes: { vague: number | null }[] }>('/api/catalogue')).millesimes.flatMap((m) => (m.vague ? [m.vague] : [])).sort((a, b) => a - b);

describe('dwellings', () => {
  test('are those of 1 January, or up to date with what happened since; households stay those of the survey', async () => {
    const { page } = session;
    const { a_jour: since } = await get<{ a_jour: { millesime: number; logements: number; entrees: number; sorties: number; changements_de_bailleur: number } }>('/api/catalogue');
    assert.ok(since.entrees > 0 && since.sorties > 0 && since.changements_de_bailleur > 0, 'the demonstration has events');
    const [filed, now] = await Promise.all(['janvier', 'a_jour'].map((parc) => get<Counted & { source: string }>(`/api/valeurs/commune?indicateur=P01&parc=${parc}`)));
    assert.ok(filed && now);
    const sum = (v: Counted): number => v.valeurs.reduce((n: number, each) => n + (each ?? 0), 0);
    assert.equal(sum(now) - sum(filed), since.entrees - since.sorties);
    await visit(page, '/?indicateur=P01&echelle=commune');
    await page.getByRole('radio', { name: /à jour au/ }).check();
    await page.waitForURL(/parc=a_jour/);
    await settle(page);
    // The address changes at once; the figures follow when they come.
    await page.locator('.legend .sub', { hasText: now.source }).waitFor();
    assert.equal(readNumber((await page.getByText(/\d logements\s·/).first().innerText()).match(/·\s*([\d\s]+) logements/)?.[1] ?? ''), since.logements);
    // The commune that changed most: its sheet says both sources, and the table has the value of the interface.
    const at = now.valeurs.map((v, i) => Math.abs((v ?? 0) - (filed.valeurs[i] ?? 0))).reduce((best, n, i, all) => (n > (all[best] ?? 0) ? i : best), 0);
    await visit(page, `/?indicateur=P01&echelle=commune&parc=a_jour&zone=commune:${now.codes[at]}`);
    const sheet = await page.locator('.fiche').innerText();
    assert.match(sheet, /Ménages\s: OPS \d{4} × RPLS \d{4}/);
    assert.ok(spaced(sheet).includes(`Logements : ${now.source}`));
    assert.ok(sheet.replace(/\s/g, '').includes(String(now.valeurs[at])));
    assert.deepEqual(await axeFaults(page), []);
    // A figure of households is the same whichever stock is asked.
    const households = await Promise.all(['janvier', 'a_jour'].map((parc) => get<Counted>(`/api/valeurs/iris?indicateur=I01&parc=${parc}`)));
    assert.deepEqual(households[0], households[1]);
  });
});

describe('dwellings up to date beside another year', () => {
  test('the change has both years and its sign, in the legend and in the table', async () => {
    const { page } = session;
    const [from] = await waves();
    const of = (more: string) => get<Counted & { millesime: number }>(`/api/valeurs/commune?indicateur=P01&parc=a_jour${more}`);
    const [before, now] = await Promise.all([of(`&vague=${from}`), of('')]);
    const change = (now.reference.valeur ?? 0) - (before.reference.valeur ?? 0);
    assert.notEqual(change, 0);
    await visit(page, `/?indicateur=P01&parc=a_jour&vague2=${from}&echelle=commune`);
    const legend = await page.locator('.legend').innerText();
    assert.match(legend, new RegExp(`de ${from} à ${now.millesime}`));
    assert.ok(legend.includes(`${change > 0 ? '+' : '−'}${Math.abs(change)}`), legend);
    assert.doesNotMatch(legend, /undefined|null/);
  });

  test('before a projector a filtered map says its filters', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=P01&echelle=commune&f.typologie=T3');
    await page.keyboard.press('p');
    await page.locator('.title p', { hasText: /Typologie\s:\sT3/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.presenting').waitFor({ state: 'detached' });
  });
});

describe('the legend', () => {
  test('says which zones are grey because nobody lives there in social housing', async () => {
    const { page } = session;
    const all = (await get<Catalogue>('/api/catalogue')).echelles.find((s) => s.id === 'iris')?.zones ?? 0;
    const listed = (await get<Values>('/api/valeurs/iris?indicateur=P10')).codes.length;
    assert.ok(all > listed, 'the territory has an IRIS without social housing');
    await visit(page, '/?indicateur=P10&echelle=iris');
    const row = page.locator('.legend li', { hasText: 'sans logement social' });
    assert.equal(readNumber(await row.locator('.n').innerText()), all - listed);
  });
});

describe('a territory', () => {
  test('is found by the keyboard alone: its name, arrows, Enter; the map goes there and its sheet opens', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01');
    const [zone] = await zonesOf('commune');
    assert.ok(zone);
    const box = page.getByRole('combobox', { name: 'Chercher un territoire' });
    await box.focus();
    await page.keyboard.type(zone.nom.slice(0, 6));
    await page.locator('[role=option]').first().waitFor();
    assert.equal(await box.getAttribute('aria-expanded'), 'true');
    // Down to the commune: wider scales come first, and others may begin alike.
    const options = await page.locator('[role=option]').allInnerTexts();
    const at = options.findIndex((o) => o.includes(zone.nom) && o.includes('Commune'));
    assert.ok(at >= 0, options.join(' / '));
    for (let i = 0; i < at; i += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.fiche h2', { hasText: zone.nom }).waitFor();
    await settle(page);
    const [, lat = 0, lon = 0] = new URL(page.url()).hash.slice(1).split('/').map(Number);
    const [w, s, e, n] = zone.emprise;
    // The map's middle is under the open sheet's edge: within one width of the commune's box.
    assert.ok(lon > w - (e - w) && lon < e + (e - w) && lat > s && lat < n, page.url());
  });

  test('limits the map, its reference and its filters, and the address says so', async () => {
    const { page } = session;
    const [epci] = await zonesOf('epci');
    assert.ok(epci);
    await visit(page, `/?indicateur=I01&echelle=iris&zone=epci:${epci.code}`);
    await page.getByRole('button', { name: 'Limiter la carte' }).click();
    await page.waitForURL(/dans=epci/);
    await settle(page);
    const values = await get<Counted>(`/api/valeurs/iris?indicateur=I01&dans=epci:${epci.code}`);
    const counts = await page.locator('.legend ol .n').allTextContents();
    assert.equal(counts.reduce((sum, text) => sum + readNumber(text), 0), values.valeurs.filter((v) => v !== null).length);
    assert.match(await page.locator('.legend .ref').innerText(), new RegExp(epci.nom));
    const facets = await get<Facets>(`/api/facettes?dans=epci:${epci.code}`);
    assert.equal(readNumber(await page.locator('.kept strong').innerText()), facets.logements);
    await page.getByRole('button', { name: 'Tout le territoire' }).click();
    await settle(page);
    assert.ok(!page.url().includes('dans='));
  });

  test('that nobody knows is told, with what to do', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01');
    await page.getByRole('combobox', { name: 'Chercher un territoire' }).fill('xyzzyx');
    await page.locator('.search .none', { hasText: 'Ni territoire ni adresse' }).waitFor();
  });
});

describe('classes', () => {
  for (const [method, name] of [['jenks', 'Seuils naturels (Jenks)'], ['reference', 'Autour de la référence']] as const) {
    test(`cut by ${method} in seven count every zone once, and the address keeps them`, async () => {
      const { page } = session;
      await visit(page, '/?indicateur=I02&echelle=iris');
      await page.getByLabel('Nombre de classes').selectOption('7');
      await page.getByLabel('Découpage des classes').selectOption({ label: name });
      await page.waitForURL(new RegExp(`classes=7&methode=${method}`));
      const values = await get<Values>('/api/valeurs/iris?indicateur=I02');
      const counts = await page.locator('.legend ol .n').allTextContents();
      assert.equal(counts.reduce((sum, text) => sum + readNumber(text), 0), values.valeurs.filter((v) => v !== null).length);
      const colours = await page.locator('.legend ol .swatch').evaluateAll((all) => all.map((e) => (e as HTMLElement).style.background));
      assert.equal(new Set(colours).size, counts.length);
      assert.ok(counts.length >= 4);
    });
  }
});

describe('circles', () => {
  test('stand on areas, sized by dwellings or by respondents, with their sizes in the legend', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&echelle=commune');
    await page.getByRole('radio', { name: 'Cercles' }).check();
    await page.locator('.legend .sizes').waitFor();
    assert.match(await page.locator('.legend .sizes').innerText(), /logements/);
    await page.getByLabel('Surface des cercles').selectOption('repondants');
    await page.waitForURL(/symboles=cercles&taille=repondants/);
    assert.match(await page.locator('.legend .sizes').innerText(), /ménages répondants/);
    await settle(page);
    assert.deepEqual(session.faults, []);
  });
});

describe('facets', () => {
  test('count each choice under the other filters, as the interface does, and narrow the map', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=P01&echelle=commune&f.financement=PLAI&f.qpv=DANS');
    const facets = await get<Facets>('/api/facettes?financement=PLAI&qpv=DANS');
    assert.equal(readNumber(await page.locator('.kept strong').innerText()), facets.logements);
    for (const id of ['financement', 'qpv', 'dpe', 'bande']) {
      const filter = facets.filtres.find((f) => f.id === id);
      assert.ok(filter);
      const block = page.locator('.filters details', { has: page.locator('summary', { hasText: filter.libelle }) });
      if ((await block.getAttribute('open')) === null) await block.locator('summary').click();
      const shown = await block.locator('fieldset label').evaluateAll((all) => all.map((l) => [l.querySelector('span')?.textContent ?? '', l.querySelector('.num')?.textContent ?? '']));
      assert.deepEqual(shown.map(([label, n]) => [label, readNumber(n ?? '')]), filter.modalites.map((m) => [m.libelle, m.logements]), id);
    }
    // The map shows as many dwellings as the filters keep.
    const values = await get<Counted>('/api/valeurs/commune?indicateur=P01&financement=PLAI&qpv=DANS');
    assert.equal(values.logements.reduce((s, n) => s + n, 0), facets.logements);
  });
});

describe('two waves', () => {
  test('as a difference in points, where both are published, with its classes and flags', async () => {
    const { page } = session;
    const [before, now] = await waves();
    assert.ok(before && now, 'the demonstration has two waves');
    await visit(page, '/?indicateur=I02&echelle=commune');
    await page.getByLabel('Comparer à une autre enquête').selectOption(String(before));
    await page.locator('.legend .sub', { hasText: `évolution de ${before} à ${now}` }).waitFor();
    const [a, b] = await Promise.all([before, now].map((w) => get<Counted>(`/api/valeurs/commune?indicateur=I02&vague=${w}`)));
    assert.ok(a && b);
    const exact = (v: Counted, i: number): boolean => v.valeurs[i] != null && v.numerateurs[i] != null;
    const said = b.codes.flatMap((code, i) => {
      const j = a.codes.indexOf(code);
      return j >= 0 && exact(a, j) && exact(b, i) ? [{ nom: b.noms[i], delta: Number(((b.valeurs[i] ?? 0) - (a.valeurs[j] ?? 0)).toFixed(3)), a: [a.numerateurs[j] ?? 0, a.denominateurs[j] ?? 0] as const, b: [b.numerateurs[i] ?? 0, b.denominateurs[i] ?? 0] as const }] : [];
    });
    assert.ok(said.length > 0);
    const bands = [5, 2, -2, -5];
    const counts = (await page.locator('.legend ol .n').allTextContents()).map(readNumber);
    assert.deepEqual(counts, [...bands, -Infinity].map((low, i) => said.filter((s) => s.delta >= low && s.delta < (i === 0 ? Infinity : (bands[i - 1] ?? 0))).length));
    // The table says the same, with the flag computed here from the counts.
    await page.getByRole('radio', { name: 'Tableau' }).check();
    await page.locator('.twin tbody tr').first().waitFor();
    for (const s of said) {
      const text = await page.locator('.twin tbody tr', { has: page.getByRole('button', { name: s.nom ?? '', exact: true }) }).locator('td.strong').innerText();
      assert.equal(readNumber(text), Number(s.delta.toFixed(1)), s.nom);
      const pooled = (s.a[0] + s.b[0]) / (s.a[1] + s.b[1]);
      const z = (s.b[0] / s.b[1] - s.a[0] / s.a[1]) / Math.sqrt(pooled * (1 - pooled) * (1 / s.a[1] + 1 / s.b[1]));
      assert.match(text, Math.abs(z) > 1.96 ? /\bsignificatif/ : /non significatif/, s.nom);
    }
  });

  test('as two maps that move as one', async () => {
    const { page } = session;
    const [before] = await waves();
    await visit(page, `/?indicateur=I02&echelle=commune&vague2=${before}&cote=oui`);
    await page.locator('.side canvas').waitFor();
    await settle(page);
    assert.equal(await page.locator('.side .year').innerText(), String(before));
    const scaleOf = (at: string): Promise<string> => page.locator(`${at} .maplibregl-ctrl-scale`).innerText();
    const start = await scaleOf('.side');
    assert.equal(await scaleOf('.stage'), start);
    await page.locator('.side').getByRole('button', { name: 'Zoomer', exact: true }).click();
    // Both come to rest together, closer than they were.
    await page.waitForFunction((before) => {
      const [a, b] = ['.side', '.stage'].map((at) => document.querySelector(`${at} .maplibregl-ctrl-scale`)?.textContent);
      return a !== before && a === b;
    }, start);
    await settle(page);
    await eventually(async () => assert.equal(await scaleOf('.stage'), await scaleOf('.side')));
    assert.deepEqual(await axeFaults(page), []);
  });
});

describe('a typology', () => {
  test('parts the zones by the quarters of dwellings and by their past', async () => {
    const { page } = session;
    const [before, now] = await waves();
    await visit(page, `/?indicateur=I02&echelle=iris&vague2=${before}&typologie=oui`);
    const [a, b] = await Promise.all([before, now].map((w) => get<Counted>(`/api/valeurs/iris?indicateur=I02&vague=${w}`)));
    assert.ok(a && b);
    // Every dwelling one by one, in the order of its zone's value.
    const dwellings = b.codes.flatMap((_, i) => Array.from({ length: b.valeurs[i] == null ? 0 : (b.logements[i] ?? 0) }, () => b.valeurs[i] ?? 0)).sort((x, y) => x - y);
    const at = (part: number): number => dwellings[Math.ceil(part * dwellings.length) - 1] ?? 0;
    const types = b.codes.flatMap((code, i) => {
      const v = b.valeurs[i];
      if (v == null) return [];
      if (v < at(0.75)) return [v <= at(0.25) ? 'favorisé' : 'intermédiaire'];
      const j = a.codes.indexOf(code);
      const exact = a.numerateurs[j] != null && b.numerateurs[i] != null;
      return [!exact ? 'fragile, passé non connu' : v - (a.valeurs[j] ?? 0) >= 1.9995 ? 'fragile et qui s’aggrave' : 'fragile, stable ou en amélioration'];
    });
    const rows = await page.locator('.legend ol li').evaluateAll((all) => all.map((l) => [l.querySelector('.range')?.textContent ?? '', l.querySelector('.n')?.textContent ?? '']));
    assert.equal(rows.length, 5);
    for (const [label, n] of rows) assert.equal(readNumber(n ?? ''), types.filter((t) => t === label).length, label);
    assert.ok(types.length > 0);
  });
});

describe('recent movers', () => {
  test('minus all households make a map of gaps', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I02&echelle=commune');
    await page.getByRole('checkbox', { name: /Écart des récents/ }).check();
    await page.waitForURL(/ecart=recents/);
    await page.locator('.legend .sub', { hasText: 'Écart des emménagés récents' }).waitFor();
    const [all, recents] = await Promise.all(['TOUS', 'RECENTS'].map((p) => get<Counted>(`/api/valeurs/commune?indicateur=I02&population=${p}`)));
    const both = recents?.codes.filter((code, i) => {
      const j = all?.codes.indexOf(code) ?? -1;
      return recents.numerateurs[i] != null && all?.numerateurs[j] != null;
    });
    const counts = (await page.locator('.legend ol .n').allTextContents()).map(readNumber);
    assert.equal(counts.reduce((s, n) => s + n, 0), both?.length);
  });
});

describe('the scatter plot', () => {
  test('has a dot for each zone with both figures; brushing dots pales the others, and says how many are left', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I02&echelle=iris&nuage=I05');
    await page.locator('.plot circle[data-code]').first().waitFor();
    const [x, y] = await Promise.all(['I02', 'I05'].map((i) => get<Counted>(`/api/valeurs/iris?indicateur=${i}`)));
    assert.ok(x && y);
    const both = x.codes.filter((code, i) => x.valeurs[i] != null && y.valeurs[y.codes.indexOf(code)] != null);
    assert.equal(await page.locator('.plot circle[data-code]').count(), both.length);
    // By the keyboard: the quadrant above both references.
    await page.getByLabel('Sélection').selectOption('hh');
    const high = x.codes.filter((code, i) => (x.valeurs[i] ?? -1) >= (x.reference.valeur ?? 0) && (y.valeurs[y.codes.indexOf(code)] ?? -1) >= (y.reference.valeur ?? 0));
    assert.equal(readNumber(await page.getByTestId('brosse').innerText()), high.length);
    assert.equal(await page.locator('.plot circle.out').count(), both.length - high.length);
    // By the pointer: a rectangle over the whole plot holds every dot.
    const box = await page.locator('.plot').boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 2, box.y + 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 2, box.y + box.height - 2, { steps: 5 });
    await page.mouse.up();
    assert.equal(readNumber(await page.getByTestId('brosse').innerText()), both.length);
    assert.equal(await page.locator('.plot circle.out').count(), 0);
    assert.deepEqual(await axeFaults(page), []);
  });
});

describe('the plot and the map', () => {
  test('show each other: a dot opens its zone, and the map keeps the dots of its view', async () => {
    const { page } = session;
    const zone = await shownZone('iris', 'I02');
    await visit(page, `/?indicateur=I02&echelle=iris&nuage=I05#12.6/${zone.centre[1]}/${zone.centre[0]}`);
    await page.locator('.plot circle[data-code]').first().waitFor();
    await page.getByRole('checkbox', { name: 'Vue de la carte seulement' }).check();
    // Until the list of zones has come, no dot is known to be in view.
    await page.waitForFunction(() => document.querySelectorAll('.plot circle.out').length > 0 && document.querySelectorAll('.plot circle[data-code]:not(.out)').length > 0);
    const box = await page.locator('.stage .map').boundingBox();
    assert.ok(box);
    const lit = await page.locator('.plot circle[data-code]:not(.out)').evaluateAll((all) => all.map((c) => (c as SVGElement).dataset['code'] ?? ''));
    const dots = await page.locator('.plot circle[data-code]').evaluateAll((all) => all.map((c) => (c as SVGElement).dataset['code'] ?? ''));
    const expected: string[] = [];
    for (const z of await zonesOf('iris')) {
      const { x, y } = await onScreen(page, ...z.centre);
      if (dots.includes(z.code) && x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height) expected.push(z.code);
    }
    assert.ok(expected.length > 0 && expected.length < dots.length);
    assert.deepEqual(lit.sort(), expected.sort());
    await page.getByRole('checkbox', { name: 'Vue de la carte seulement' }).uncheck();
    const [code = ''] = dots.slice(-1);
    await page.locator(`.plot circle[data-code="${code}"]`).click({ force: true });
    const name = (await zonesOf('iris')).find((z) => z.code === code)?.nom ?? '?';
    await page.locator('.said strong', { hasText: name }).waitFor();
    await page.getByRole('button', { name: 'Ouvrir la fiche' }).click();
    await page.locator('.fiche h2', { hasText: name }).waitFor();
  });
});

describe('the ranking', () => {
  test('exports what it shows, with ranks, in the order that was chosen', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I02&echelle=iris&vue=tableau');
    await page.locator('.twin tbody tr').first().waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator('.twin header').getByRole('button', { name: 'CSV' }).click()]);
    const { text } = await contentOf(file);
    const [head, ...lines] = text.trim().split('\r\n').map((l) => l.split(';'));
    assert.deepEqual(head?.slice(0, 4), ['rang', 'code', 'nom', 'I02']);
    const values = await get<Values>('/api/valeurs/iris?indicateur=I02');
    assert.equal(lines.length, values.codes.length);
    assert.equal(await page.locator('.twin tbody tr .rank').first().innerText(), lines[0]?.[0]);
    for (const line of lines) {
      const said = values.valeurs[values.codes.indexOf(line[1] ?? '')];
      assert.equal(line[3], said == null ? '' : String(said).replace('.', ','), line[1]);
      if (said != null) assert.equal(line[0], String(1 + values.valeurs.filter((v) => v !== null && v > said).length));
    }
  });
});

describe('accessibility', () => {
  test('axe finds no fault with filters, circles and an open search', async () => {
    const { page } = session;
    await visit(page, '/?indicateur=I01&echelle=commune&symboles=cercles&f.financement=PLAI');
    const zone = await shownZone('commune', 'I01');
    await page.getByRole('combobox', { name: 'Chercher un territoire' }).fill(zone.nom.slice(0, 4));
    await page.locator('[role=option]').first().waitFor();
    assert.deepEqual(await axeFaults(page), []);
  });

  test('no fault was seen by the browser all along', () => assert.deepEqual(session.faults, []));
});
