// Measures what a user waits for, in Chromium on a running server: weight of the page, first map, delay of a keystroke, frames of a pan.
//   BASE_URL=http://127.0.0.1:8080 MOSAIQUE_TOKEN=… node web/scripts/budget.mjs      (`make budget` makes the national store that the goals are about)
import { chromium } from 'playwright-core';
import { percentile, panning } from './panning.mjs';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:8080';
const token = process.env.MOSAIQUE_TOKEN;
const headers = token ? { authorization: `Bearer ${token}` } : {};
const RUNS = 5;
/** What issue 6 asks for: milliseconds, and points in the view that is panned. */
const GOAL = { carte: 2000, saisie: 100, image: 1000 / 60, points: 50_000 };
const FLAGS = ['--no-sandbox', '--no-first-run', '--disable-background-networking', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const indicator = token ? 'I02' : 'P10';

const median = (list) => percentile(list, 0.5);
const ms = (value) => `${value < 100 ? value.toFixed(1).replace('.', ',') : Math.round(value)} ms`;
const over = [];
function line(what, value, goal, more = '') {
  if (goal && value > goal) over.push(what);
  console.log(`${what.padEnd(34)} : ${ms(value)}${goal ? ` (but : ${ms(goal)})` : ''}${more}`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });

/** A page of a browser that was never here. */
async function visit(path, work) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'fr-FR', extraHTTPHeaders: headers });
  await context.addInitScript(() => location.protocol.startsWith('http') && localStorage.setItem('mosaique.visite', 'faite'));
  const page = await context.newPage();
  await page.goto(base + path, { waitUntil: 'commit' });
  // The page marks the first frame that shows the figures of every zone in view.
  await page.waitForFunction(() => performance.getEntriesByName('premiere-carte').length > 0, undefined, { polling: 20, timeout: 60_000 });
  const result = await work(page);
  await context.close();
  return result;
}

const startOf = (page, name) => page.evaluate((n) => performance.getEntriesByName(n)[0]?.startTime ?? 0, name);

/** First paint and first map, `RUNS` times. */
async function firstMap(path) {
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    times.push(await visit(path, async (page) => ({ paint: await startOf(page, 'first-contentful-paint'), map: await startOf(page, 'premiere-carte') })));
  }
  return { paint: median(times.map((t) => t.paint)), map: median(times.map((t) => t.map)) };
}

function typed(page) {
  return page.evaluate(
    () =>
      new Promise((done) => {
        const input = document.querySelector('input[type=search]');
        const t = performance.now();
        input.value = 'monoparentales';
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - t)));
      }),
  );
}

const areas = `/?indicateur=${indicator}&echelle=commune`;
const { sizes, keys } = await visit(areas, async (page) => {
  await page.waitForLoadState('networkidle');
  const sizes = await page.evaluate(() => performance.getEntriesByType('resource').map((e) => e.encodedBodySize));
  await page.getByRole('button', { name: /Changer d’indicateur/ }).click();
  await page.getByRole('searchbox').waitFor();
  const keys = [];
  for (let run = 0; run < RUNS; run++) keys.push(await typed(page));
  return { sizes, keys };
});
console.log(`${'Poids de la première page'.padEnd(34)} : ${(sizes.reduce((a, b) => a + b, 0) / 1024).toFixed(0)} Ko en ${sizes.length} requêtes (compressés)`);
const first = await firstMap(areas);
line('Premier affichage', first.paint);
line('Première carte, aplats', first.map, GOAL.carte);
line('Première carte, cercles', (await firstMap(`${areas}&symboles=cercles`)).map, GOAL.carte);
line('De la frappe à l’image', median(keys), GOAL.saisie);

/** A drag over the whole of what the person sees at a scale. */
async function pan(name, path, goal) {
  const { costs, rate } = await visit(path, async (page) => {
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(2000);
    return panning(page);
  });
  line(`Fil principal par image, ${name}`, median(costs), goal, ` ; 95 % sous ${ms(percentile(costs, 0.95))} ; vu : ${rate.toFixed(1).replace('.', ',')} images/s, WebGL par le processeur`);
}

const answer = await fetch(`${base}/api/valeurs/residence?indicateur=${indicator}`, { headers });
const residences = answer.ok ? (await answer.json()).codes.length : 0;
await pan('communes', areas, GOAL.image);
if (residences > 0) await pan(`${residences} points`, `/?indicateur=${indicator}&echelle=residence`, GOAL.image);
if (residences < GOAL.points) console.log(`Le but porte sur ${GOAL.points} points ; ce compte ne voit que ${residences} résidences.`);
await browser.close();

if (over.length > 0) {
  console.error(`Le budget est dépassé : ${over.join(', ')}.`);
  process.exit(1);
}
