// Runs the browser tests, one file after the other (`E2E_AT_ONCE=2`: two), then alone those that time the page. The exit code is not 0 if any failed.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** What they measure would measure the neighbour too. */
const ALONE = new Set(['journey.spec.ts']);
const files = readdirSync('e2e').filter((name) => name.endsWith('.spec.ts'));
const run = (names, at) => spawnSync(process.execPath, ['--import', 'tsx', '--test', `--test-concurrency=${at}`, ...names.map((name) => `e2e/${name}`)], { stdio: 'inherit' }).status;
const ended = [run(files.filter((name) => !ALONE.has(name)), Number(process.env.E2E_AT_ONCE ?? 1)), run([...ALONE], 1)];
process.exit(ended.every((status) => status === 0) ? 0 : 1);
