// Every page on paper: each is printed to PDF as the roles that may see it, and no text is cut by an edge, lies on another, or was shrunk.
// With PAPIERS=tous (`npm run papers`): every page of every role, each at its largest and with what a role changes of it. Otherwise each
// page once, as the role that has most of it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mayOpen, ROUTES } from '../src/routes';
import type { Session } from '../src/api/client';
import { open, settle } from './harness';
import { FILES } from './metier/files';
import { onPaper, WIDTHS } from './paper';
import { sparse } from './sheets';
import { ask, enter, serve, type Server } from './server';

/** Pages by the role that has most of them; the map, portraits, social mix and residences have their own test. */
const PAGES: Record<string, string[]> = {
  public: ['/aide', '/tableaux', '/dossier', '/ma-demande', '/connexion', '/plan-du-site', '/accessibilite', '/mentions-legales', '/donnees-personnelles'],
  epci: ['/tableaux?echelle=iris', '/flux', '/cotation', '/objectifs', '/fichier-adresses', '/organisme', '/controle', '/controle?vue=commission'],
  bailleur: ['/mixite', '/enjeux', '/dalo', '/flux#logements', '/depots', '/adresses', '/residences', '/evenements'],
  administrateur: ['/administration', '/administration#conventions', '/administration#comptes', '/administration#donnees', '/administration#journal', '/administration#parametres'],
};
/** Parts of a page that have an address of their own. */
const PARTS: Record<string, string[]> = {
  '/tableaux': ['?echelle=iris', '?echelle=commune&f.financement=PLAI'],
  '/flux': ['#carte', '#fiche', '#conventions', '#calcul', '#logements', '#etat', '#equite', '#bilan'],
  '/controle': ['?vue=commission'],
  '/cotation': ['#grilles', '#simulation', '#demandes', '#candidats', '#pression'],
  '/portrait': ['?echelle=commune&code=COMMUNE'],
  '/administration': ['#conventions', '#comptes', '#donnees', '#journal', '#parametres'],
};
const ROLES = ['public', 'bailleur', 'epci', 'commune', 'ddets', 'dreal', 'action_logement', 'agence', 'administrateur'];
/** The map prints by its own command, on a sheet of its own; the frame for other sites is theirs to print. */
const ELSEWHERE = ['/', '/integre'];
const all = process.env['PAPIERS'] === 'tous';

/** Every page that a role may open, with its parts. */
function pagesOf(role: string): string[] {
  const me = role === 'public' ? null : ({ connecte: true, role } as Session);
  return ROUTES.filter((r) => mayOpen(r, me) && !ELSEWHERE.includes(r.path)).flatMap(({ path }) => (path === '/portrait' ? [] : [path]).concat((PARTS[path] ?? []).map((part) => path + part)));
}

let server: Server;
before(async () => {
  server = await serve({ copy: true });
  // What is declared is kept beside the accounts, of which this server has its own: without it, gestion en flux would print empty.
  server.run('admin', 'flux', join(FILES, 'declares', 'flux'));
});
after(() => server.stop());

test('no page is forgotten', () => {
  const printed = new Set([...Object.values(PAGES).flat().map((p) => p.split(/[?#]/)[0]), ...ELSEWHERE, '/portrait']);
  assert.deepEqual(ROUTES.map((r) => r.path).filter((path) => !printed.has(path)), []);
});

describe('every page on paper', () => {
  for (const role of all ? ROLES : Object.keys(PAGES)) {
    test(`is whole for ${role}`, async () => {
      const visitor = await open({});
      const { page } = visitor;
      const faults: string[] = [];
      try {
        if (role === 'public') await page.goto(`${server.base}/aide`);
        else await enter(page, server, role);
        const [zone] = (await ask<{ zones: { code: string }[] }>(page, '/api/zones?echelle=commune')).zones;
        for (const path of all ? pagesOf(role) : (PAGES[role] ?? [])) {
          // Another fragment alone would not load the page anew.
          await page.goto('about:blank');
          await page.goto(server.base + path.replace('COMMUNE', zone?.code ?? ''));
          await page.locator('main').first().waitFor();
          await settle(page);
          if (path.startsWith('/portrait')) await page.locator('.maps[aria-busy=false]').waitFor({ timeout: 60_000 });
          const { faults: found, pages, sheets, text } = await onPaper(page, path.startsWith('/portrait') ? WIDTHS.portrait : WIDTHS.landscape, `${role}-${path.replace(/\W+/g, '-').replace(/^-|-$/g, '')}`);
          faults.push(...found.map((fault) => `${path}: ${fault}`));
          if (!(pages > 0)) faults.push(`${path}: no sheet`);
          if (!text.includes('Imprimé le') && !/^\/(portrait|connexion)/.test(path)) faults.push(`${path}: no day`);
          if (path !== '/dossier') faults.push(...sparse(sheets).map((fault) => `${path}: ${fault}`));
          // The names of the columns come again on each sheet.
          if (path === '/tableaux?echelle=iris') faults.push(...sheets.slice(0, -1).flatMap(({ runs }, i) => (runs.some((r) => r.text.startsWith('IRIS')) ? [] : [`${path}: page ${i + 1}, no head`])));
        }
      } finally {
        await visitor.close();
      }
      assert.deepEqual(faults, []);
    });
  }
});
