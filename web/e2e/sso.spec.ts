// Signing in by an identity provider: a real one, in a real browser, and what it must not open.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { axeFaults, open, type Session } from './harness';
import { answers, freePort, serve, type Server } from './server';

let server: Server;
let provider: ChildProcess;
let session: Session;

before(async () => {
  const [own, theirs] = [await freePort(), await freePort()];
  const back = `http://127.0.0.1:${own}/api/connexion/retour`;
  provider = spawn(process.execPath, ['e2e/provider.mjs', String(theirs), back], { stdio: 'pipe' });
  await answers(`http://127.0.0.1:${theirs}/.well-known/openid-configuration`, provider);
  server = await serve({ port: own, env: {
    OIDC_ISSUER: `http://127.0.0.1:${theirs}`, OIDC_CLIENT_ID: 'mosaique', OIDC_CLIENT_SECRET: 'secret-du-test', OIDC_REDIRECT: back, OIDC_NOM: 'ProConnect',
  } });
});
after(() => {
  server.stop();
  provider.kill();
});

/** A browser that has gone to the provider; it waits at the provider's own page. */
async function leave(): Promise<void> {
  session = await open({});
  await session.page.goto(`${server.base}/connexion`);
  await session.page.getByRole('link', { name: 'S’identifier avec ProConnect' }).click();
  await session.page.locator('input[name=login]').waitFor();
}

async function identify(login: string): Promise<void> {
  const { page } = session;
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('peu importe');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  // The provider asks whether mosaïque may know the address.
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(`${server.base}/**`);
}

const me = (): Promise<{ connecte: boolean; courriel?: string; organisme?: string }> =>
  session.page.evaluate(async () => (await fetch('/api/session')).json());

describe('signing in by an identity provider', () => {
  test('opens the session of the account that has the verified address', async () => {
    await leave();
    await identify('epci@demonstration.example');
    const known = await me();
    assert.equal(known.courriel, 'epci@demonstration.example');
    // The identity provider stands in for the one-time password: nothing is left to change.
    assert.equal((await session.page.evaluate(async () => (await fetch('/api/organisation')).status)), 200);
    await session.close();
  });

  test('says what to do when no account has the address, and opens nothing', async () => {
    await leave();
    await identify('inconnue@ailleurs.example');
    await session.page.getByRole('alert').waitFor();
    assert.match(await session.page.getByRole('alert').innerText(), /aucun compte n’est ouvert/);
    assert.equal((await me()).connecte, false);
    assert.deepEqual(await axeFaults(session.page), []);
    await session.close();
  });

  test('does not believe an address that the provider has not verified', async () => {
    await leave();
    // An account has it: only the missing verification keeps the person out.
    await identify('commune@demonstration.example');
    assert.equal((await me()).connecte, false);
    await session.close();
  });

  test('comes back with a sentence when the person gives up', async () => {
    await leave();
    await session.page.getByRole('link', { name: 'Cancel' }).click();
    await session.page.getByRole('alert').waitFor();
    assert.match(await session.page.getByRole('alert').innerText(), /interrompu/);
    await session.close();
  });

  test('opens nothing to another browser that gets hold of the return address, nor twice', async () => {
    await leave();
    let back = '';
    session.page.on('request', (r) => {
      if (r.url().includes('/api/connexion/retour?')) back = r.url();
    });
    await identify('ddets@demonstration.example');
    assert.equal((await me()).courriel, 'ddets@demonstration.example');
    const again = await session.page.context().request.get(back, { maxRedirects: 0 });
    assert.match(again.headers()['location'] ?? '', /connexion=perdue/);
    await session.close();
    session = await open({});
    await session.page.goto(back);
    assert.equal((await me()).connecte, false);
    await session.close();
  });
});
