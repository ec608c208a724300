// A server of one's own on the demonstration's figures, with accounts of its own; and signing in to it.
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { settle } from './harness';

const BINARY = process.env['MOSAIQUE_BIN'] ?? '../target/debug/mosaique';
const STORE = process.env['DEMO_STORE'] ?? '../demo/magasin';
export const PASSWORD = 'Trois petits chats 2026 !';

export interface Account { role: string; organisme: string; courriel: string; mot_de_passe: string | null }

export interface Server {
  base: string;
  store: string;
  /** The demonstration's accounts, with their one-time passwords. */
  accounts: Account[];
  /** A bearer token of one of these people. */
  token: (courriel: string) => string;
  /** The command line on its store. */
  run: (...words: string[]) => string;
  stop: () => void;
}

export interface Options {
  port?: number;
  env?: Record<string, string>;
  /** More words of the command line. */
  args?: string[];
  /** On a copy of the store, for tests that change what it holds. */
  copy?: boolean;
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

/** Starts a server; its accounts are in a file that goes with it. */
export async function serve({ port, env: more = {}, args = [], copy = false }: Options = {}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'mosaique-etat-'));
  const store = copy ? join(folder, 'magasin') : STORE;
  if (copy) cpSync(STORE, store, { recursive: true, filter: (path) => !/etat\.sqlite|quarantaine/.test(path) });
  const env = { ...process.env, MOSAIQUE_BASE_NEUVE: 'oui', DATABASE_URL: `sqlite://${join(folder, 'etat.sqlite')}?mode=rwc`, ...more };
  const run = (...words: string[]): string => execFileSync(BINARY, [...words, '--data', store], { env, encoding: 'utf8' });
  const accounts = JSON.parse(run('admin', 'demo', '--json')) as Account[];
  const bind = `127.0.0.1:${port ?? (await freePort())}`;
  const child = spawn(BINARY, ['serve', '--data', store, '--bind', bind, '--web', process.env['WEB_DIST'] ?? 'dist', ...args], { env, stdio: 'pipe' });
  await answers(`http://${bind}/healthz`, child);
  return {
    base: `http://${bind}`, store, accounts, run,
    token: (courriel) => run('admin', 'token', '--courriel', courriel, '--nom', 'tests').trim(),
    stop: () => {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Signs in with the one-time password of a role, chooses one, and goes on to a page. */
export async function signIn(page: Page, on: Server, role: string, path: string): Promise<void> {
  const account = on.accounts.find((a) => a.role === role);
  if (!account?.mot_de_passe) throw new Error(`no one-time password for ${role}`);
  await page.goto(`${on.base}/connexion?retour=${encodeURIComponent(path)}`);
  await page.getByLabel('Adresse électronique').fill(account.courriel);
  await page.getByLabel('Mot de passe', { exact: true }).fill(account.mot_de_passe);
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.getByRole('heading', { name: 'Choisissez votre mot de passe' }).waitFor();
  await page.getByLabel('Mot de passe reçu').fill(account.mot_de_passe);
  await page.getByLabel('Nouveau mot de passe').fill(PASSWORD);
  await page.getByLabel('Le même, encore une fois').fill(PASSWORD);
  await page.getByRole('button', { name: 'Enregistrer et continuer' }).click();
  // The map completes its own address as soon as it opens.
  await page.waitForURL((url) => url.pathname === path.split('?')[0], { waitUntil: 'commit' });
  await settle(page);
}

/** Opens a session by the interface: the pages of sign-in have their own test. */
export async function enter(page: Page, server: Server, role: string): Promise<void> {
  const account = server.accounts.find((a) => a.role === role);
  assert.ok(account?.mot_de_passe);
  await page.goto(`${server.base}/connexion`);
  const status = await page.evaluate(
    async ([courriel, actuel, nouveau]) => {
      const json = { 'content-type': 'application/json' };
      const opened = await fetch('/api/session', { method: 'POST', headers: json, body: JSON.stringify({ courriel, mot_de_passe: actuel }) });
      const { csrf } = (await opened.json()) as { csrf: string };
      await fetch('/api/session/mot-de-passe', { method: 'PUT', headers: { ...json, 'x-csrf-token': csrf }, body: JSON.stringify({ actuel, nouveau }) });
      return (await fetch('/api/session', { method: 'POST', headers: json, body: JSON.stringify({ courriel, mot_de_passe: nouveau }) })).status;
    },
    [account.courriel, account.mot_de_passe, PASSWORD] as const,
  );
  assert.equal(status, 200);
}

/** What the interface answers to the session of the page. */
export async function ask<T>(page: Page, path: string): Promise<T> {
  const answer = await page.evaluate(async (p) => {
    const reply = await fetch(p);
    return { status: reply.status, text: await reply.text() };
  }, path);
  assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 300)}`);
  return JSON.parse(answer.text) as T;
}

/** Lines of the audit trail about an action, as the administration reads them; its session is opened once. */
export async function trail(server: Server, action: string): Promise<{ objet: string; parametres: string; organisation: string }[]> {
  const browser = await openSession(server, 'administrateur');
  const answer = await fetch(`${server.base}/api/admin/audit?action=${action}`, { headers: { cookie: browser } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return ((await answer.json()) as { lignes: { objet: string; parametres: string; organisation: string }[] }).lignes;
}

const cookies = new Map<string, string>();
async function openSession(server: Server, role: string): Promise<string> {
  const known = cookies.get(server.base + role);
  if (known) return known;
  const account = server.accounts.find((a) => a.role === role);
  assert.ok(account?.mot_de_passe);
  const headers = { 'content-type': 'application/json' };
  const open = async (mot_de_passe: string): Promise<{ cookie: string; csrf: string }> => {
    const answer = await fetch(`${server.base}/api/session`, { method: 'POST', headers, body: JSON.stringify({ courriel: account.courriel, mot_de_passe }) });
    return { cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '', csrf: ((await answer.json()) as { csrf: string }).csrf };
  };
  const first = await open(account.mot_de_passe);
  await fetch(`${server.base}/api/session/mot-de-passe`, { method: 'PUT', headers: { ...headers, cookie: first.cookie, 'x-csrf-token': first.csrf }, body: JSON.stringify({ actuel: account.mot_de_passe, nouveau: PASSWORD }) });
  const { cookie } = await open(PASSWORD);
  cookies.set(server.base + role, cookie);
  return cookie;
}
