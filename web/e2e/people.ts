// Signs in as one of the demonstration's organisations: the one-time password is changed once, and remembered for the other tests.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { BASE_URL } from './harness';

/** A password of no account but those of the demonstration. */
const CHOSEN = 'Demonstration bailleur 2026 quatre mots';

/** Signs in through the page; a fresh one-time password is asked of the command line if the chosen one does not open yet. */
export async function signIn(page: Page, courriel: string): Promise<void> {
  const attempt = (password: string): Promise<number> =>
    page.evaluate(
      async ([mail, secret]) => (await fetch('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ courriel: mail, mot_de_passe: secret }) })).status,
      [courriel, password] as const,
    );
  await page.goto(`${BASE_URL}/connexion`);
  if ((await attempt(CHOSEN)) === 200) return;
  const printed = execFileSync(process.env['MOSAIQUE_BIN'] ?? '../target/debug/mosaique', ['admin', 'password', '--data', process.env['DEMO_STORE'] ?? '../demo/magasin', '--courriel', courriel], { encoding: 'utf8' });
  const secret = /: (\S+)\s*$/.exec(printed)?.[1] ?? '';
  assert.equal(await attempt(secret), 200, printed);
  const changed = await page.evaluate(
    async ([now, next]) => {
      const me = (await (await fetch('/api/session')).json()) as { csrf: string };
      return (await fetch('/api/session/mot-de-passe', { method: 'PUT', headers: { 'content-type': 'application/json', 'x-csrf-token': me.csrf }, body: JSON.stringify({ actuel: now, nouveau: next }) })).status;
    },
    [secret, CHOSEN] as const,
  );
  assert.ok(changed < 300, `password: ${changed}`);
  assert.equal(await attempt(CHOSEN), 200);
}
