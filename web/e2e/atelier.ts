// A server on a copy of the demonstration's store, for tests that change what it holds; and signing in to it as a bailleur.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { answers, freePort, type Account } from './server';

const BINARY = process.env['MOSAIQUE_BIN'] ?? '../target/debug/mosaique';
const STORE = process.env['DEMO_STORE'] ?? '../demo/magasin';
const PASSWORD = 'Trois petits chats 2026 !';

export interface Atelier {
  base: string;
  store: string;
  accounts: Account[];
  stop: () => void;
}

/** Copies the store without its accounts, and serves it. */
export async function atelier(): Promise<Atelier> {
  const folder = mkdtempSync(join(tmpdir(), 'mosaique-atelier-'));
  const store = join(folder, 'magasin');
  cpSync(STORE, store, { recursive: true, filter: (path) => !/etat\.sqlite|quarantaine/.test(path) });
  const env = { ...process.env, DATABASE_URL: '' };
  const accounts = JSON.parse(execFileSync(BINARY, ['admin', 'demo', '--data', store, '--json'], { env, encoding: 'utf8' })) as Account[];
  const port = await freePort();
  const child = spawn(BINARY, ['serve', '--data', store, '--bind', `127.0.0.1:${port}`, '--web', 'dist'], { env, stdio: 'pipe' });
  const base = `http://127.0.0.1:${port}`;
  await answers(`${base}/healthz`, child);
  return {
    base, store, accounts,
    stop: () => {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Opens a session by the interface: the pages of sign-in have their own test. */
export async function enter(page: Page, server: Atelier, role: string): Promise<void> {
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
export async function trail(server: Atelier, action: string): Promise<{ objet: string; parametres: string; organisation: string }[]> {
  const browser = await openSession(server, 'administrateur');
  const answer = await fetch(`${server.base}/api/admin/audit?action=${action}`, { headers: { cookie: browser } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return ((await answer.json()) as { lignes: { objet: string; parametres: string; organisation: string }[] }).lignes;
}

const cookies = new Map<string, string>();
async function openSession(server: Atelier, role: string): Promise<string> {
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
