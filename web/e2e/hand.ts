// A task that someone brings, walked on the page from the first one, counting what the hand does.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { open, picture, quiet, settle } from './harness';
import { enter, type Server } from './server';

/** Windows in which tasks are walked, and which of a task's two bounds holds there. */
export const WIDTHS = [[1280, 0], [375, 1]] as const;

/** A hand on the page: it clicks, chooses and types, and counts. */
export class Hand {
  done = 0;
  constructor(readonly page: Page, readonly narrow: boolean) {}
  async click(on: Locator): Promise<void> {
    await on.click();
    this.done += 1;
  }
  async choose(on: Locator, value: string | { label: string }): Promise<void> {
    await on.selectOption(value);
    this.done += 1;
  }
  async type(into: Locator, text: string): Promise<void> {
    await into.fill(text);
    this.done += 1;
  }
  /** A page of the menu: two clicks, whatever the window. */
  async go(group: string, name: string): Promise<void> {
    const nav = this.page.getByRole('navigation', { name: 'Pages' });
    if (this.narrow) await this.click(this.page.locator('summary[title="Pages"]'));
    else await this.click(nav.locator('summary', { hasText: group }));
    // A name may begin another one: « Résidences », « Résidences à enjeu »; a badge may follow it.
    await this.click(nav.getByRole('link', { name: new RegExp(`^${name}( \\d+ nouveaux ou en attente)?$`) }));
  }
  /** A file into a field that a button of the page opens: the button counts, the file is chosen elsewhere. */
  async give(into: Locator, files: { name: string; mimeType: string; buffer: Buffer } | string[]): Promise<void> {
    await into.setInputFiles(files as never);
    this.done += 1;
  }
  /** The panel of choices: a drawer on a phone. */
  async choices(): Promise<void> {
    const drawer = this.page.locator('header button', { hasText: 'Choix' });
    if (this.narrow && (await drawer.getAttribute('aria-expanded')) === 'false') await this.click(drawer);
  }
  async away(): Promise<void> {
    if (this.narrow) await this.click(this.page.getByRole('button', { name: /^Fermer : Choix/ }));
  }
  /** A territory or an address in the one search field. */
  async find(text: string, option: RegExp): Promise<void> {
    await this.choices();
    await this.type(this.page.getByRole('combobox', { name: 'Chercher un territoire ou une adresse' }), text);
    await this.click(this.page.locator('li[role=option]').filter({ hasText: option }).first());
  }
}

export interface Task {
  name: string;
  /** It begins in the menu, which is on every page: walked from one that has no map to draw first. */
  menu?: boolean;
  /** What the hand may do at most: in a usual window, on a phone. */
  most: [number, number];
  walk: (hand: Hand, server: Server) => Promise<void>;
}
export const seen = (page: Page, what: string | Locator): Promise<void> => (typeof what === 'string' ? page.locator(what) : what).first().waitFor();

/** Walks the tasks of a role, each from the first page; tells all that stop or take too long. */
export async function walk(server: Server, role: string, tasks: readonly Task[], width: number, most: 0 | 1): Promise<void> {
  const visitor = await open({});
  const { page } = visitor;
  const told: string[] = [];
  try {
    if (role !== 'public') await enter(page, server, role);
    await page.setViewportSize({ width, height: 800 });
    for (const task of tasks) {
      const begun = Date.now();
      await page.goto('about:blank');
      await page.goto(`${server.base}${task.menu ? '/accessibilite' : '/'}`);
      await page.locator(task.menu ? 'main h2' : '.legend').first().waitFor({ timeout: 60_000 });
      await (task.menu ? quiet(page) : settle(page));
      const hand = new Hand(page, most === 1);
      await task.walk(hand, server).catch(async (fault: unknown) => {
        told.push(`${task.name}: ${fault instanceof Error ? fault.message.split('\n').slice(0, 4).join(' ') : String(fault)}`);
        await picture(page, `tache-${width}-${role}-${task.name.replace(/\W+/g, '-')}`);
      });
      console.log(`# ${role}, ${width} px, ${task.name}: ${hand.done} gestures, ${((Date.now() - begun) / 1000).toFixed(1)} s`);
      if (hand.done > task.most[most]) told.push(`${task.name}: ${hand.done} gestures, ${task.most[most]} at most`);
    }
  } finally {
    await visitor.close();
  }
  assert.deepEqual(told, []);
}
