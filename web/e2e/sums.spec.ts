// What stands side by side on a page must agree: « 27,7 % · 534 sur 1 927 » is 534 of 1 927, on every page of every role.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { open, settle } from './harness';
import { enter, serve, type Server } from './server';

const PAGES = ['/?zone=commune:COMMUNE', '/portrait?echelle=commune&code=COMMUNE', '/mixite', '/dalo', '/enjeux'];
const ROLES = ['epci', 'ddets', 'bailleur'];

let server: Server;
let commune: string;
before(async () => {
  server = await serve();
  const { zones } = (await (await fetch(`${server.base}/api/zones?echelle=commune&limite=1`)).json()) as { zones: { code: string }[] };
  commune = zones[0]?.code ?? '';
});
after(() => server.stop());

const number = (text: string): number => Number(text.replace(/[\s\u00a0\u202f]/g, '').replace(',', '.'));
// A share and, on the same line, a count and what it is of.
const CLAIM = /(\d[\d\s\u00a0\u202f]*(?:,\d+)?)[\s\u00a0\u202f]?%([^%\d\n]{0,40}?)(\d[\d\u00a0\u202f ]*) (?:sur|\/) (\d[\d\u00a0\u202f ]*)/g;

/** Shares that are not those of the counts beside them. */
async function lies(page: Page): Promise<{ seen: number; wrong: string[] }> {
  const text = await page.evaluate(() => document.body.innerText);
  const wrong: string[] = [];
  let seen = 0;
  for (const [said, share = '', , part = '', whole = ''] of text.matchAll(CLAIM)) {
    const [p, n, d] = [number(share), number(part), number(whole)];
    if (!(d > 0) || n > d) continue;
    seen++;
    const decimals = share.split(',')[1]?.length ?? 0;
    if (Math.abs(p - (100 * n) / d) > 0.5 * 10 ** -decimals + 1e-6) wrong.push(said.replace(/\s+/g, ' '));
  }
  return { seen, wrong };
}

describe('figures that stand side by side', () => {
  let seen = 0;
  for (const role of ROLES) {
    test(`agree on the pages of ${role}`, async () => {
      const session = await open({});
      try {
        if (role !== 'public') await enter(session.page, server, role);
        for (const path of PAGES) {
          await session.page.goto(server.base + path.replace('COMMUNE', commune));
          await settle(session.page);
          const found = await lies(session.page);
          seen += found.seen;
          assert.deepEqual(found.wrong, [], `${role} on ${path}`);
        }
      } finally {
        await session.close();
      }
    });
  }
  test('and some were there to be compared', () => assert.ok(seen > 20, `${seen} shares with their counts`));
});
