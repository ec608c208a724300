// Runs the browser tests, each file by itself, on the server that BASE_URL names; with E2E_SECOND (`URL MAGASIN`, a second server on a copy
// of the store) two files at a time, one on each. Files that time the page run alone. The exit code is not 0 if any failed.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What they measure would measure the neighbour too. */
const ALONE = new Set(['journey.spec.ts']);
/** The longest begin, so that both lanes end together. */
const FIRST = ['widths', 'taches-metier', 'taches-telephone', 'craft', 'taches'].map((name) => `${name}.spec.ts`);
const rank = (name) => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1);
const files = readdirSync('e2e').filter((name) => name.endsWith('.spec.ts')).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
const [url, store] = (process.env.E2E_SECOND ?? '').split(' ');
const lanes = [{}, ...(url ? [{ BASE_URL: url, DEMO_STORE: store }] : [])];

/** Files that look at no picture have maps drawn with half the points a side: a fifth to a third less work. */
const scale = (name) => (/\b(picture|paint|screenshot)\b/.test(readFileSync(`e2e/${name}`, 'utf8')) ? {} : { E2E_SCALE: '0.5' });

/** Runs a file; what it printed is shown once it ends. */
const run = (name, env) =>
  new Promise((done) => {
    const begun = Date.now();
    const child = spawn(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=tap', `e2e/${name}`], { env: { ...process.env, ...scale(name), ...env } });
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => printed.push(text));
    child.on('close', (status) => {
      process.stdout.write(`${Buffer.concat(printed)}# ${name}: ${Math.round((Date.now() - begun) / 1000)} s\n`);
      done(status === 0);
    });
  });

const waiting = files.filter((name) => !ALONE.has(name));
const ended = [];
await Promise.all(
  lanes.map(async (env) => {
    for (let name = waiting.shift(); name; name = waiting.shift()) ended.push(await run(name, env));
  }),
);
for (const name of files.filter((f) => ALONE.has(f))) ended.push(await run(name, {}));
process.exit(ended.every(Boolean) ? 0 : 1);
