// Every page of the menu on paper: each is printed to PDF, and no text is cut by an edge or lies on another.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { open, settle } from './harness';
import { onPaper, WIDTHS } from './paper';
import { enter, serve, type Server } from './server';

/** Pages by the role that has most of them; the map, portraits, social mix and residences have their own test. */
const PAGES: Record<string, string[]> = {
  public: ['/aide', '/tableaux', '/dossier'],
  epci: ['/tableaux?echelle=iris', '/dalo', '/objectifs', '/organisme', '/controle', '/controle?vue=commission'],
  bailleur: ['/mixite', '/enjeux', '/dalo', '/depots', '/adresses', '/residences', '/evenements'],
  administrateur: ['/administration', '/administration#conventions', '/administration#comptes', '/administration#donnees', '/administration#journal'],
};

let server: Server;
before(async () => void (server = await serve()));
after(() => server.stop());

describe('every page on paper', () => {
  for (const [role, paths] of Object.entries(PAGES)) {
    test(`is whole for ${role}`, async () => {
      const visitor = await open({});
      const { page } = visitor;
      const faults: string[] = [];
      try {
        if (role !== 'public') await enter(page, server, role);
        for (const path of paths) {
          // Another fragment alone would not load the page anew.
          await page.goto('about:blank');
          await page.goto(server.base + path);
          await page.locator('main').first().waitFor();
          await settle(page);
          const { faults: found, pages } = await onPaper(page, WIDTHS.landscape, `${role}-${path.replace(/\W+/g, '-').replace(/^-|-$/g, '')}`);
          faults.push(...found.map((fault) => `${path}: ${fault}`));
          if (!(pages > 0)) faults.push(`${path}: no sheet`);
        }
      } finally {
        await visitor.close();
      }
      assert.deepEqual(faults, []);
    });
  }
});
