// A server of one's own, on the demonstration's figures but with accounts in a file of its own.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env['MOSAIQUE_BIN'] ?? '../target/debug/mosaique';
const STORE = process.env['DEMO_STORE'] ?? '../demo/magasin';

export interface Account { role: string; organisme: string; courriel: string; mot_de_passe: string | null }

export interface Server {
  base: string;
  /** The demonstration's accounts, with their one-time passwords. */
  accounts: Account[];
  stop: () => void;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => probe.once('listening', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** Waits until a child answers at an address; says what it printed if it does not. */
export async function answers(url: string, child: ChildProcess): Promise<void> {
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (printed += String(text)));
  for (let i = 0; i < 150; i++) {
    if (await fetch(url).then((r) => r.ok, () => false)) return;
    if (child.exitCode !== null) break;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`${url} does not answer: ${printed}`);
}

/** Starts a server with more environment on a port. */
export async function serve(port: number, more: Record<string, string> = {}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'mosaique-etat-'));
  const env = { ...process.env, DATABASE_URL: `sqlite://${join(folder, 'etat.sqlite')}?mode=rwc`, ...more };
  const accounts = JSON.parse(execFileSync(BINARY, ['admin', 'demo', '--data', STORE, '--json'], { env, encoding: 'utf8' })) as Account[];
  const base = `http://127.0.0.1:${port}`;
  const child = spawn(BINARY, ['serve', '--data', STORE, '--bind', `127.0.0.1:${port}`, '--web', 'dist'], { env, stdio: 'pipe' });
  await answers(`${base}/healthz`, child);
  return {
    base, accounts,
    stop: () => {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
