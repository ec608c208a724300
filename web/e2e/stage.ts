// A server of one's own with options of the command line, and a person who has signed in.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { settle } from './harness';
import { answers, freePort, type Account } from './server';

const BINARY = process.env['MOSAIQUE_BIN'] ?? '../target/debug/mosaique';
const STORE = process.env['DEMO_STORE'] ?? '../demo/magasin';
const PASSWORD = 'Trois petits chats 2026 !';

export interface Stage {
  base: string;
  accounts: Account[];
  /** A bearer token of one of the demonstration's people. */
  token: (courriel: string) => string;
  stop: () => void;
}

export async function stage(...options: string[]): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'mosaique-etat-'));
  const env = { ...process.env, DATABASE_URL: `sqlite://${join(folder, 'etat.sqlite')}?mode=rwc` };
  const run = (...args: string[]): string => execFileSync(BINARY, args, { env, encoding: 'utf8' });
  const accounts = JSON.parse(run('admin', 'demo', '--data', STORE, '--json')) as Account[];
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const child = spawn(BINARY, ['serve', '--data', STORE, '--bind', `127.0.0.1:${port}`, '--web', 'dist', ...options], { env, stdio: 'pipe' });
  await answers(`${base}/healthz`, child);
  return {
    base, accounts,
    token: (courriel) => run('admin', 'token', '--data', STORE, '--courriel', courriel, '--nom', 'tests').trim(),
    stop: () => {
      child.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Signs in with the one-time password of a role, chooses one, and goes on to a page. */
export async function signIn(page: Page, on: Stage, role: string, path: string): Promise<void> {
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
