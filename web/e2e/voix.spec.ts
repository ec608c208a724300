// What a screen reader hears on the five main tasks: what the browser tells it, of each place that the keyboard reaches and of each message.
// `docs/VOIX.md` is made of it (UPDATE=1), and held to it: figures are written as they were, and compared without their digits.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CDPSession, Page } from 'playwright-core';
import { open, settle } from './harness';
import { ask, enter, serve, type Server } from './server';

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'VOIX.md');
const HEAD = `# Ce qu'entend un lecteur d'écran

Ce texte est écrit par un test (\`web/e2e/voix.spec.ts\`, \`UPDATE=1\`), pas à la main : cinq tâches faites au clavier seul, sur le territoire fictif, et ce que le navigateur donne à lire d'après son arbre
d'accessibilité (rôle, nom, état, description de ce qui a le curseur ; messages annoncés). Un lecteur d'écran ajoute ses propres mots ; il n'en a pas d'autres que ceux-ci. Le test échoue si l'un d'eux change ou se perd.
`;

interface Heard { gesture: string; words: string[] }
interface AxNode { role?: { value: string }; name?: { value: string }; description?: { value: string }; value?: { value: unknown }; properties?: { name: string; value: { value: unknown } }[] }
const ROLES: Record<string, string> = {
  button: 'bouton', link: 'lien', combobox: 'zone de liste modifiable', textbox: 'champ', searchbox: 'champ de recherche', checkbox: 'case à cocher', radio: 'bouton radio', listbox: 'liste', option: 'option', heading: 'titre',
  table: 'tableau', region: 'région', article: 'article', main: 'contenu', tab: 'onglet', spinbutton: 'nombre', summary: 'bouton', DisclosureTriangle: 'bouton', group: 'groupe', application: 'application', generic: 'élément', image: 'image', menuitem: 'élément de menu', date: 'date', slider: 'curseur', Canvas: 'carte', navigation: 'navigation', PopUpButton: 'liste déroulante',
};

/** A person at the keyboard, who sees nothing. */
class Ear {
  readonly heard: Heard[] = [];
  readonly #cdp: CDPSession;
  constructor(readonly page: Page, cdp: CDPSession) {
    this.#cdp = cdp;
  }
  static async of(page: Page): Promise<Ear> {
    // What runs the tests names functions by a helper that the page has not.
    await page.addInitScript('globalThis.__name ??= (f) => f');
    // Messages are kept as they are told: some are gone when one looks.
    await page.addInitScript(() => {
      const said: string[] = [];
      (window as unknown as { said: string[] }).said = said;
      const live = '[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]';
      const tell = (node: Node): void => {
        const element = node instanceof Element ? node : node.parentElement;
        const region = element?.closest(live) ?? (element?.matches?.(live) ? element : null);
        for (const each of region ? [region] : [...(element?.querySelectorAll(live) ?? [])]) {
          const text = (each.textContent ?? '').replace(/\s+/g, ' ').trim();
          if (text && said.at(-1) !== text && each.checkVisibility({ visibilityProperty: true })) said.push(text);
        }
      };
      new MutationObserver((all) => all.forEach((m) => (m.type === 'characterData' ? tell(m.target) : m.addedNodes.forEach(tell)))).observe(document, { subtree: true, childList: true, characterData: true });
    });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Accessibility.enable');
    return new Ear(page, cdp);
  }
  /** What has the focus, in words. */
  async here(): Promise<string> {
    const { result } = await this.#cdp.send('Runtime.evaluate', { expression: 'document.activeElement' });
    if (!result.objectId) return '';
    const { nodes } = (await this.#cdp.send('Accessibility.getPartialAXTree', { objectId: result.objectId, fetchRelatives: false })) as unknown as { nodes: AxNode[] };
    const [node] = nodes;
    const role = node?.role?.value ?? '';
    if (['RootWebArea', 'none', 'ignored', ''].includes(role)) return '';
    const state = new Map(node?.properties?.map((p) => [p.name, p.value.value]));
    const states = [
      state.get('expanded') === true ? 'ouvert' : state.get('expanded') === false ? 'fermé' : '',
      ['true', true].includes(state.get('checked') as never) ? 'coché' : ['false', false].includes(state.get('checked') as never) ? 'non coché' : '',
      ['true', true].includes(state.get('pressed') as never) ? 'enfoncé' : '', state.get('selected') === true && role === 'option' ? 'sélectionné' : '',
      state.get('disabled') === true ? 'indisponible' : '', state.get('required') === true ? 'obligatoire' : '',
    ].filter(Boolean);
    const value = node?.value?.value === undefined || node.value.value === '' ? '' : `valeur « ${String(node.value.value)} »`;
    const name = (node?.name?.value ?? '').replace(/\s+/g, ' ').trim();
    const description = (node?.description?.value ?? '').replace(/\s+/g, ' ').trim();
    // A list that keeps the focus says which of its options is meant.
    const option = await this.page.evaluate(() => document.getElementById(document.activeElement?.getAttribute('aria-activedescendant') ?? '')?.innerText.replace(/\s+/g, ' ').trim() ?? '');
    const meant = option && `option « ${option} »`;
    return [ROLES[role] ?? role, name && `« ${name} »`, ...states, value, meant, description && description !== name && `(${description})`].filter(Boolean).join(', ').replace(', « ', ' « ');
  }
  async #listen(gesture: string): Promise<void> {
    const said = await this.page.evaluate(() => (window as unknown as { said?: string[] }).said?.splice(0) ?? []);
    const here = await this.here();
    this.heard.push({ gesture, words: [...new Set([here, ...said.map((s) => `annonce « ${s} »`)])].filter(Boolean) });
  }
  async goes(path: string, wait: string): Promise<void> {
    await this.page.goto(path);
    await this.page.locator(wait).first().waitFor();
    await settle(this.page);
    await this.#listen(`ouvrir ${new URL(path).pathname}`);
    this.heard.at(-1)?.words.unshift(`page « ${await this.page.title()} »`);
  }
  /** `until`: what is said once the server is through with it, however long that takes. */
  async press(key: string, label = key, until?: string): Promise<void> {
    await this.page.keyboard.press(key);
    if (until) {
      const told = (wanted: string): boolean => (window as unknown as { said: string[] }).said.some((s) => s.includes(wanted));
      await this.page.waitForFunction(told, until, { timeout: 60_000 });
    }
    await settle(this.page);
    await this.#listen(label);
  }
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
    await settle(this.page);
    await this.#listen(`écrire « ${text} »`);
  }
  /** Tab until something of this name has the focus; each stop on the way is heard. */
  async tabTo(wanted: RegExp, most = 40, key = 'Tab'): Promise<void> {
    const stops: string[] = [];
    for (let i = 0; i < most; i += 1) {
      await this.page.keyboard.press(key);
      const here = await this.here();
      if (wanted.test(here)) {
        await settle(this.page);
        const count = stops.length + 1;
        await this.#listen(count > 1 ? `Tab, ${count} fois` : 'Tab');
        if (stops.length > 0) this.heard.at(-1)?.words.unshift(`en chemin : ${stops.map((s) => s || 'rien').join(' ; ')}`);
        assert.deepEqual(stops.filter((s) => s !== 'contenu' && !s.includes('«')), [], `a stop without a name before ${String(wanted)}`);
        return;
      }
      stops.push(here);
    }
    assert.fail(`${String(wanted)} is not reached: ${stops.join(' ; ')}`);
  }
  /** Titles of the page in their order, as one walks them by « H ». */
  async headings(): Promise<void> {
    const titles = await this.page.locator('main').locator('h1, h2, h3').evaluateAll((all) => all.filter((e) => e.checkVisibility()).map((e) => `${e.tagName.toLowerCase().replace('h', 'titre ')} « ${(e.textContent ?? '').replace(/\s+/g, ' ').trim()} »`));
    this.heard.push({ gesture: 'parcourir les titres', words: titles });
  }
  /** A table as it is told when one enters it: its titles, then a row, each cell after the title of its column. */
  async table(selector: string): Promise<void> {
    const told = await this.page.locator(selector).first().evaluate((t) => {
      const clean = (e: Element | null): string => (e?.textContent ?? '').replace(/\s+/g, ' ').trim();
      const heads = [...t.querySelectorAll('thead tr:last-child > *')].map(clean);
      const row = t.querySelector('tbody tr');
      return { heads, rows: t.querySelectorAll('tbody tr').length, cells: [...(row?.children ?? [])].map((c, i) => [heads[i] ?? '', clean(c)]) };
    });
    this.heard.push({ gesture: 'entrer dans le tableau', words: [`tableau de ${told.rows} lignes, colonnes : ${told.heads.filter(Boolean).join(', ')}`, ...told.cells.filter(([, c]) => c).map(([h, c]) => `${h ? `${h} : ` : ''}${c}`)] });
  }
}

const told = (title: string, who: string, heard: readonly Heard[]): string =>
  `\n## ${title}\n\n${who}\n\n| Geste | Entendu |\n|---|---|\n${heard.map((h) => `| ${h.gesture} | ${h.words.join('<br>').replaceAll('|', '\\|') || '(rien de nouveau)'} |`).join('\n')}\n`;
/** What must not change: the words, not the figures of the day, nor the days, nor what passing work says (« Chargement… »), which a slow machine tells
    and a fast one does not. */
const words = (text: string): string =>
  text.replace(/(<br>)?annonce « [^»]*… »|\(rien de nouveau\)/g, '').replaceAll('| <br>', '| ').replace(/n° [\da-f]{6,}/g, 'n° 0').replace(/\d[\d\s\u00a0\u202f.,]*/g, '0 ').replace(/\s+/g, ' ');

let server: Server;
before(async () => void (server = await serve({ copy: true })));
after(() => server.stop());
const parts: string[] = [];

async function heard(title: string, who: string, role: string, walk: (ear: Ear) => Promise<void>): Promise<void> {
  const visitor = await open({});
  try {
    if (role !== 'public') await enter(visitor.page, server, role);
    const ear = await Ear.of(visitor.page);
    await walk(ear);
    parts.push(told(title, who, ear.heard));
  } finally {
    await visitor.close();
  }
}

describe('what is heard', () => {
  test('of one’s commune, by its name', () =>
    heard('1. Le chiffre de ma commune', 'Toute personne, sans compte, sur la carte.', 'public', async (ear) => {
      await ear.goes(`${server.base}/?indicateur=P10&echelle=commune`, '.legend');
      await ear.press('Tab');
      await ear.tabTo(/Chercher un territoire/);
      await ear.type('Arzay');
      await ear.press('ArrowDown', 'flèche bas');
      await ear.press('Enter', 'Entrée');
      await ear.headings();
      await ear.table('.fiche table');
    }));

  test('of who must do how many more', () =>
    heard('2. Les objectifs de mixité, par bailleur', 'Un agent d’EPCI.', 'epci', async (ear) => {
      await ear.goes(`${server.base}/mixite`, '#lignes');
      await ear.press('Tab');
      await ear.press('Enter', 'Entrée (aller au contenu)');
      await ear.headings();
      await ear.table('section[aria-labelledby=lignes] table');
    }));

  test('of a placement that waits for an answer', () =>
    heard('3. Justifier un placement DALO', 'Le responsable des attributions d’un bailleur.', 'bailleur', async (ear) => {
      await ear.goes(`${server.base}/dalo`, '#liste');
      await ear.headings();
      await ear.table('section[aria-labelledby=liste] table');
      await ear.page.locator('section[aria-labelledby=liste]').getByRole('button', { name: 'Justifier' }).first().focus();
      await ear.press('Enter', 'Entrée sur « Justifier »');
      await ear.press('ArrowDown', 'flèche bas');
      await ear.tabTo(/bouton « Justifier/, 5);
      await ear.press('Enter', 'Entrée');
    }));

  test('of an address that is corrected', () =>
    heard('4. Corriger une adresse', 'La gestionnaire de données d’un bailleur.', 'bailleur', async (ear) => {
      await ear.goes(`${server.base}/adresses`, '[role=option]');
      await ear.page.getByRole('listbox').focus();
      await ear.press('ArrowDown', 'flèche bas');
      await ear.press('1', 'touche 1 (premier candidat)');
      await ear.press('Enter', 'Entrée (enregistrer)', 'Chiffres à jour');
      await ear.press('Control+z', 'Ctrl + Z', 'Chiffres à jour');
    }));

  test('of a file of addresses', () =>
    heard('5. Un fichier d’adresses', 'Un agent de la DDETS.', 'ddets', async (ear) => {
      const { features: [hit] } = await ask<{ features: { properties: { label: string } }[] }>(ear.page, `/search?q=${encodeURIComponent('1 rue Orme-sur-Sereine')}&limit=1`);
      await ear.goes(`${server.base}/fichier-adresses`, 'main button');
      await ear.press('Tab');
      await ear.tabTo(/Choisir un fichier/);
      await ear.page.getByLabel('Fichier d’adresses', { exact: true }).last().setInputFiles({ name: 'adresses.csv', mimeType: 'text/csv', buffer: Buffer.from(`id;adresse\n1;${hit?.properties.label ?? ''}\n2;xyzzyx quuxquux\n`) });
      await ear.page.getByRole('heading', { name: /adresses à chercher/ }).waitFor();
      await ear.tabTo(/Situer ces adresses/, 8);
      await ear.press('Enter', 'Entrée');
      await ear.page.getByRole('heading', { name: /dans un QPV/ }).waitFor();
      await ear.headings();
      await ear.table('main table');
    }));

  test('and it is what the document says', () => {
    const text = HEAD + parts.join('');
    if (process.env['UPDATE']) writeFileSync(FILE, text);
    assert.equal(words(text), words(readFileSync(FILE, 'utf8')));
  });
});
