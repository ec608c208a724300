// Every page of every role at every width: nothing falls out of the window, the top bar stays within reach; what the menu opens refuses nothing.
// A page is loaded once; the window is then drawn in and out. What it looks like is kept with the output of the tests.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { axeFaults, drawn, open, picture, quiet } from './harness';
import { ask, enter, serve, type Server } from './server';

const WIDTHS = [320, 375, 640, 1280, 1920, 3840];
/** Widths at which a page that was seen at all of them is seen again, as another role. */
const AGAIN = [320, 1280];
/** Widths whose picture is kept, of a page that is seen for the first time. */
const KEPT = new Set([375, 1280]);
const PUBLIC = ['/', '/?vue=tableau', '/?nuage=P10', '/aide', '/connexion', '/portrait?echelle=commune&code=COMMUNE', '/tableaux', '/dossier', '/integre?indicateur=P10', '/plan-du-site', '/accessibilite', '/mentions-legales', '/donnees-personnelles', '/nulle-part'];
const SIGNED = ['/', '/mixite', '/controle', '/controle?vue=commission', '/dalo', '/enjeux', '/objectifs', '/organisme', '/fichier-adresses', '/aide'];
const ROLES: Record<string, string[]> = {
  public: PUBLIC,
  dreal: ['/?zone=commune:COMMUNE', '/?vue=tableau', ...SIGNED],
  ddets: SIGNED,
  epci: [...SIGNED, '/tableaux', '/dossier'],
  commune: SIGNED,
  bailleur: [...SIGNED, '/depots', '/adresses', '/residences', '/evenements', '/administration'],
  action_logement: SIGNED,
  agence: SIGNED,
  administrateur: ['/', '/organisme', '/administration', '/administration#conventions', '/administration#comptes', '/administration#donnees', '/administration#journal'],
};

let server: Server;
before(async () => void (server = await serve()));
after(() => server.stop());

/** What stands out of the window, unless something around it scrolls in itself; and what of the top bar cannot be reached. */
async function fallen(page: Page): Promise<string[]> {
  // What runs the tests names functions by a helper that the page has not.
  await page.evaluate('globalThis.__name ??= (f) => f');
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const faults: string[] = [];
    if (document.documentElement.scrollWidth > wide + 1) faults.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} of ${wide}`);
    const spared = (e: Element): boolean => {
      if (e.closest('details:not([open]) > :not(summary)')) return true;
      for (let a: Element | null = e; a && a !== document.body; a = a.parentElement) {
        const style = getComputedStyle(a);
        if (style.visibility === 'hidden' || style.clipPath !== 'none' || a.matches('.maplibregl-canvas-container, .skip, [inert]')) return true;
        if (a !== e && (/auto|scroll/.test(style.overflowX) ? a.id !== 'contenu' : style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none')) return true;
      }
      return false;
    };
    for (const e of document.body.querySelectorAll('*')) {
      const box = e.getBoundingClientRect();
      if (box.width === 0 || box.height === 0 || box.right < -1000 || (box.right <= wide + 1 && box.left >= -1) || spared(e)) continue;
      faults.push(`${e.tagName.toLowerCase()}.${e.getAttribute('class') ?? ''} « ${(e.textContent ?? '').trim().slice(0, 40)} » from ${Math.round(box.left)} to ${Math.round(box.right)}`);
      if (faults.length > 4) break;
    }
    for (const e of document.querySelectorAll('.frame > header, .app > header')) {
      for (const control of e.querySelectorAll('summary, a, button, label')) {
        const box = control.getBoundingClientRect();
        if (box.width === 0 || getComputedStyle(control).visibility === 'hidden' || control.closest('details:not([open]) .panel')) continue;
        const on = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        if (!on || !(control.contains(on) || on.contains(control))) faults.push(`out of reach in the top bar: ${(control.textContent ?? '').trim() || control.getAttribute('aria-label')}`);
      }
    }
    return faults;
  });
}

const nameOf = (path: string): string => path.replace(/COMMUNE|[?=:#&]/g, '-').replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'carte';

describe('at every width', () => {
  const checked = new Set<string>();
  for (const [role, paths] of Object.entries(ROLES)) {
    test(`nothing falls out of the pages of ${role}`, async () => {
      const visitor = await open({});
      const { page } = visitor;
      const faults: string[] = [];
      let here = '';
      try {
        if (role === 'public') await page.goto(`${server.base}/aide`);
        else await enter(page, server, role);
        const [zone] = (await ask<{ zones: { code: string }[] }>(page, '/api/zones?echelle=commune')).zones;
        await page.goto(`${server.base}/aide`);
        await quiet(page);
        const menu = await page.locator('nav[aria-label="Pages"] a').evaluateAll((links) => links.map((a) => a.getAttribute('href') ?? ''));
        if (role !== 'public') assert.ok(menu.length >= 2, `${role}: ${menu.join()}`);
        // Decisions about residences are read beside their figures by those who may: the page says so to the others.
        page.on('response', (r) => void (r.status() === 403 && menu.includes(here) && !r.url().includes('/api/rpems') && faults.push(`${here} asks what it may not: ${r.url()}`)));
        // This store has no flow of reservations: the page says so.
        page.on('response', (r) => void (r.status() === 404 && here !== '/nulle-part' && !r.url().includes('/api/flux/suivi') && faults.push(`${here} asks what is not there: ${r.url()}`)));
        for (const path of new Set([...paths, ...menu])) {
          here = path;
          await page.setViewportSize({ width: 1280, height: 800 });
          await page.emulateMedia({ colorScheme: 'light' });
          // Another fragment alone would not load the page anew.
          await page.goto('about:blank');
          await page.goto(server.base + path.replace('COMMUNE', zone?.code ?? ''));
          await page.locator('main').first().waitFor();
          await quiet(page);
          if (menu.includes(path)) faults.push(...(await page.locator('main [role=alert]').allInnerTexts()).map((said) => `${path}: ${said}`));
          const first = !checked.has(path);
          checked.add(path);
          // What only the menu adds is the same for every role but for what it may ask.
          for (const width of first ? WIDTHS : paths.includes(path) ? AGAIN : []) {
            await page.setViewportSize({ width, height: width < 700 ? 740 : 800 });
            await drawn(page);
            let found = await fallen(page);
            // The page may still be arranging itself: what stays is a fault.
            for (const end = Date.now() + 5_000; found.length > 0 && Date.now() < end; found = await fallen(page)) await drawn(page);
            faults.push(...found.map((fault) => `${path} at ${width}: ${fault}`));
            if (first && KEPT.has(width)) await picture(page, `largeur-${width}-${role}-${nameOf(path)}`);
          }
          if (!first) continue;
          await page.setViewportSize({ width: 375, height: 740 });
          await page.emulateMedia({ colorScheme: 'dark' });
          await drawn(page);
          faults.push(...(await axeFaults(page)).map((fault) => `${path} at 375, dark: ${fault}`));
          await picture(page, `largeur-375-sombre-${nameOf(path)}`);
        }
        // Refusals and what is not there are looked at by their address.
        faults.push(...visitor.faults.filter((fault) => !/40[134]/.test(fault)));
      } finally {
        await visitor.close();
      }
      assert.deepEqual(faults, []);
    });
  }
});
