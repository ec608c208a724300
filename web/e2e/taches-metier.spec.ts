// The tasks that change something or take a file, walked to their end as each role, in a usual window and on a phone. Those that look are in
// `taches.spec.ts`. Each window has a server on a copy of the store: what one walk changes, the other does not see.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { contentOf, eventually, onScreen, open, readNumber, settle } from './harness';
import { seen, walk, WIDTHS, type Task } from './hand';
import { ask, enter, serve, type Server } from './server';

const FILES = process.env['DEMO_FILES'] ?? '../demo/fichiers';
const csv = (name: string, text: string): { name: string; mimeType: string; buffer: Buffer } => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

/** Header and rows of a file of the demonstration. */
function table(name: string, keep: (row: Record<string, string>) => boolean, most = Infinity): { head: string; rows: string[] } {
  const [head = '', ...lines] = readFileSync(join(FILES, name), 'utf8').replace(/^\ufeff/, '').split(/\r?\n/).filter(Boolean);
  const titles = head.split(';');
  return { head, rows: lines.filter((l) => keep(Object.fromEntries(l.split(';').map((c, i) => [titles[i] ?? '', c])))).slice(0, most) };
}

let server: Server;

const TASKS: Record<string, Task[]> = {
  bailleur: [
    { name: 'the survey deposited, two cells mended, what changes seen, accepted, withdrawn', most: [12, 12], walk: async (hand) => {
      const { page } = hand;
      const { code: siren } = await ask<{ code: string }>(page, '/api/organisation');
      const { head, rows } = table('ops_2024.csv', (r) => r['bailleur_siren'] === siren);
      const wave = head.split(';').indexOf('vague');
      const sent = rows.map((r, i) => (i === 4 || i === 9 ? r.split(';').map((c, k) => (k === wave ? '2018' : c)).join(';') : r));
      await hand.go('Mon parc', 'Dépôts');
      await hand.type(page.getByLabel('Vague'), '2024');
      await hand.give(page.getByLabel('Fichier à déposer'), csv('ops_2024.csv', [head, ...sent].join('\n')));
      await page.getByRole('tab', { name: /Lignes rejetées/ }).waitFor({ timeout: 60_000 });
      const cells = page.locator('tbody tr', { hasText: 'vague' }).locator('input');
      await cells.first().waitFor();
      const bad = await cells.count();
      assert.equal(bad, 2);
      for (let i = 0; i < bad; i += 1) await hand.type(cells.nth(i), '2024');
      const rejected = readNumber(await page.getByRole('tab', { name: /Lignes rejetées/ }).innerText().then((t) => t.replace(/^\D+/, '')));
      await hand.click(page.getByRole('button', { name: /recontrôler/ }));
      await page.getByRole('tab', { name: `Lignes rejetées (${rejected - bad})` }).waitFor({ timeout: 60_000 });
      await hand.click(page.getByRole('tab', { name: /Comparaison/ }));
      await seen(page, '[role=tabpanel]');
      await hand.click(page.getByRole('button', { name: 'Accepter le dépôt' }));
      // What loses nothing is accepted at once.
      const sure = page.getByRole('button', { name: 'Oui, accepter' });
      await sure.or(page.getByRole('button', { name: 'Retirer ce dépôt' })).first().waitFor({ timeout: 60_000 });
      if (await sure.count()) await hand.click(sure);
      await page.getByText(/Chiffres à jour/).waitFor({ timeout: 90_000 });
      await hand.click(page.getByRole('button', { name: 'Retirer ce dépôt' }));
      await hand.click(page.getByRole('button', { name: 'Retirer', exact: true }));
      await page.locator('article .tag', { hasText: 'retiré' }).first().waitFor();
    } },
    { name: 'an address corrected and undone', most: [6, 6], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mon parc', 'Adresses à corriger');
      await page.locator('[role=option]').first().waitFor();
      await settle(page);
      await hand.click(page.locator('[role=option]').nth(1));
      await hand.click(page.locator('.candidates button, .candidates li button').first());
      await page.getByRole('heading', { name: /Conséquences pour/ }).waitFor();
      await hand.click(page.getByRole('button', { name: /^Enregistrer/ }));
      await page.getByText(/déplacé/).first().waitFor({ timeout: 60_000 });
      await hand.click(page.getByRole('button', { name: 'Annuler' }).first());
      await page.getByText(/déplacé/).first().waitFor({ state: 'detached', timeout: 60_000 });
    } },
    { name: 'corrections for one’s own software', most: [3, 3], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mon parc', 'Adresses à corriger');
      const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.locator('a[href="/api/adresses/corrections.csv"]').first())]);
      assert.match((await contentOf(file)).text, /^\ufeffIDENT_REP;/);
    } },
    { name: 'a residence split, and put together again', most: [8, 8], walk: async (hand) => {
      const { page } = hand;
      const { residences } = await ask<{ residences: { code: string; nom: string; adresses: unknown[] }[] }>(page, '/api/residences');
      const target = residences.find((r) => r.adresses.length > 2 && residences.filter((o) => o.nom === r.nom).length === 1);
      assert.ok(target);
      await hand.go('Mon parc', 'Résidences');
      await page.locator('.left li button').first().waitFor();
      await hand.type(page.getByLabel('Chercher une résidence'), target.nom);
      await hand.click(page.locator('.left li button', { hasText: target.nom }).first());
      await hand.click(page.locator('.addresses input').first());
      await hand.type(page.getByLabel('Nom de la nouvelle résidence'), 'Résidence scindée');
      await hand.click(page.getByRole('button', { name: 'Diviser' }));
      await page.locator('.block', { hasText: 'Lignée' }).getByText('Divisée').waitFor({ timeout: 60_000 });
      await hand.click(page.locator('.block', { hasText: 'Lignée' }).getByRole('button', { name: 'Annuler' }).first());
      await page.locator('.block', { hasText: 'Lignée' }).locator('.tag', { hasText: 'annulée' }).first().waitFor();
    } },
    { name: 'a delivery entered, and undone', most: [8, 8], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mon parc', 'Événements du parc');
      await page.getByText('RPLS tel que déposé').waitFor();
      await hand.choose(page.locator('form label', { hasText: 'Commune' }).locator('select'), (await ask<{ communes: { code: string }[] }>(page, '/api/parc')).communes[0]?.code ?? '');
      await hand.type(page.getByLabel('Logements'), '24');
      await hand.choose(page.getByLabel('Financement'), 'PLUS');
      await hand.type(page.getByLabel('Pièces'), '3');
      await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
      await page.getByText('compte dans le parc à jour').waitFor({ timeout: 90_000 });
      await hand.click(page.locator('.done').getByRole('button', { name: 'Annuler' }));
      await page.locator('tbody .tag', { hasText: 'annulé' }).first().waitFor({ timeout: 60_000 });
    } },
    { name: 'a placement justified, knowing which lease', most: [5, 5], walk: async (hand) => {
      const { page } = hand;
      const placements = (await ask<{ placements: { id: string; attend: string | null; logement: string | null }[] }>(page, '/api/dalo/placements')).placements;
      const mine = placements.find((p) => p.attend === 'bailleur');
      assert.ok(mine?.logement, 'the lessor is told which dwelling it is');
      await hand.go('Mixité', 'DALO et QPV');
      const row = page.locator('section[aria-labelledby=liste] tbody tr', { hasText: mine.logement });
      await hand.click(row.getByRole('button', { name: 'Justifier' }).first());
      await hand.choose(row.getByLabel('Motif'), { label: 'Ménage qui habitait déjà le quartier' });
      await hand.click(row.locator('form').getByRole('button', { name: 'Justifier' }));
      await row.getByText('Ménage qui habitait déjà le quartier', { exact: true }).first().waitFor();
      // Another one, so that the State has two answers to read.
      const other = placements.find((p) => p.attend === 'bailleur' && p !== mine);
      assert.ok(other);
      const status = await page.evaluate(async (id) => {
        const { csrf } = (await (await fetch('/api/session')).json()) as { csrf: string };
        const motif = ((await (await fetch('/api/dalo/placements')).json()) as { motifs: { id: string }[] }).motifs[0]?.id;
        return (await fetch(`/api/dalo/placements/${id}`, { method: 'PUT', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify({ motif, commentaire: '' }) })).status;
      }, other.id);
      assert.equal(status, 204);
    } },
    { name: 'a RPEMS proposed', most: [6, 6], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'Résidences à enjeu');
      await hand.click(page.locator('section[aria-labelledby=rang] tbody th button').first());
      const sheet = page.getByRole('region', { name: /^Résidence :/ });
      await hand.click(sheet.getByRole('button', { name: 'Proposer' }));
      await hand.choose(sheet.getByLabel('Motif'), await sheet.getByLabel('Motif').locator('option').nth(1).getAttribute('value') ?? '');
      await hand.click(sheet.locator('form').getByRole('button', { name: 'Proposer' }));
      await sheet.getByText(/^Proposée/).first().waitFor();
    } },
    { name: 'a commission of thirty files', most: [5, 5], walk: async (hand) => {
      const { page } = hand;
      const { code: siren } = await ask<{ code: string }>(page, '/api/organisation');
      const name = readdirSync(FILES).find((n) => n.startsWith('attributions')) ?? '';
      const { head, rows } = table(name, (r) => r['bailleur_siren'] === siren && (r['date_bail'] ?? '').startsWith('2024'), 30);
      assert.equal(rows.length, 30);
      await hand.go('Mixité', 'Contrôle avant CALEOL');
      await hand.click(page.locator('label', { hasText: 'Une commission' }));
      await hand.give(page.getByLabel('Fichier de la commission', { exact: true }).last(), csv('commission.csv', [head, ...rows].join('\n')));
      await page.getByRole('heading', { name: /30 dossiers contrôlés/ }).waitFor();
      const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.getByRole('button', { name: 'Télécharger le résultat' }))]);
      assert.ok((await contentOf(file)).text.split('\n').length > 30);
    } },
  ],
  epci: [
    { name: 'one indicator by residence', most: [1, 3], walk: async (hand) => {
      const { page } = hand;
      await hand.choices();
      await hand.choose(page.locator('label', { hasText: 'Échelle' }).locator('select'), 'residence');
      await hand.away();
      await page.locator('.legend .sub', { hasText: 'par résidence' }).waitFor();
    } },
    { name: 'the perimeter of a renewal drawn, its figures beside those of the EPCI', most: [3, 3], walk: async (hand) => {
      const { page } = hand;
      const [zone] = (await ask<{ zones: { code: string; logements: number; centre: [number, number] }[] }>(page, '/api/zones?echelle=qpv2024')).zones.sort((a, b) => b.logements - a.logements);
      assert.ok(zone);
      await page.goto('about:blank');
      await page.goto(`${server.base}/?indicateur=I02&echelle=commune#14/${zone.centre[1]}/${zone.centre[0]}`);
      await page.locator('.legend').waitFor();
      await settle(page);
      if (await page.locator('.legend:not(.folded) .fold').count()) await page.locator('.legend .fold').click();
      const at = await onScreen(page, ...zone.centre);
      // Beside the sheet, which opens with the pen; above it on a phone.
      const half = hand.narrow ? 70 : 130;
      if (hand.narrow) at.y -= 160;
      else at.x -= 140;
      await hand.click(page.getByRole('button', { name: 'Rectangle' }));
      await page.locator('[role=toolbar] [aria-pressed=true]').waitFor();
      const corner = async (dx: number, dy: number): Promise<void> => {
        await page.mouse.move(at.x + dx * half, at.y + dy * half, { steps: 6 });
        await page.mouse.click(at.x + dx * half, at.y + dy * half);
        hand.done += 1;
      };
      await corner(-1, -1);
      await corner(1, 1);
      await page.locator('.fiche .gaps li', { hasText: 'par rapport à CA du Val' }).first().waitFor();
      await page.getByTestId('valeur').waitFor();
      await settle(page);
      await page.evaluate(() => localStorage.removeItem('mosaique.zones'));
    } },
    { name: 'territories like one’s own commune, compared', most: [4, 5], walk: async (hand) => {
      const { page } = hand;
      await hand.find('Arzay', /Arzay/);
      await hand.click(page.getByRole('button', { name: 'Les chercher' }));
      const section = page.locator('section[aria-labelledby=comparables]');
      await section.locator('ol li').first().waitFor();
      assert.match(await section.locator('ol li p').first().innerText(), /Presque égaux|Proche en moyenne/);
      await hand.click(section.getByRole('button', { name: /^Comparer/ }));
      await eventually(async () => assert.equal(await page.locator('.drawer thead input').count(), 4, 'the commune and three like it'));
      await page.locator('.drawer tbody tr', { hasText: 'Part de PLAI' }).first().waitFor();
      await page.evaluate(() => localStorage.removeItem('mosaique.zones'));
    } },
    { name: 'the portraits of all communes', most: [6, 7], walk: async (hand) => {
      const { page } = hand;
      await hand.find('Val d', /CA du Val d/);
      await seen(page, page.locator('.fiche h2', { hasText: 'CA du Val d' }));
      await hand.click(page.getByRole('button', { name: 'Montrer', exact: true }));
      await hand.click(page.getByRole('link', { name: 'Portrait de la zone' }));
      await hand.click(page.locator('summary', { hasText: 'PDF accessible' }));
      const [file] = await Promise.all([page.waitForEvent('download', { timeout: 120_000 }), hand.click(page.getByRole('button', { name: /^Toutes les communes/ }).first())]);
      assert.match(file.suggestedFilename(), /\.zip$/);
    } },
    { name: 'a RPEMS validated, and the annex', most: [8, 9], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'Résidences à enjeu');
      await hand.click(page.locator('section[aria-labelledby=rang] tbody tr', { hasText: /propos/i }).locator('th button').first());
      const sheet = page.getByRole('region', { name: /^Résidence :/ });
      await hand.click(sheet.getByRole('button', { name: 'Valider' }));
      await hand.choose(sheet.getByLabel('Motif'), await sheet.getByLabel('Motif').locator('option').nth(1).getAttribute('value') ?? '');
      await hand.click(sheet.locator('form').getByRole('button', { name: 'Valider' }));
      await sheet.getByText('Sur la liste', { exact: true }).first().waitFor();
      await hand.click(sheet.getByRole('button', { name: 'Fermer' }));
      await hand.choices();
      const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.getByRole('link', { name: 'Annexe à la CIA (CSV)' }))]);
      assert.equal((await contentOf(file)).text.trim().split(/\r?\n/).length, 2, 'one residence under the titles');
    } },
    { name: 'a rate of the agreement, kept', most: [8, 8], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'Objectifs de la CIA');
      await hand.click(page.getByRole('button', { name: 'Fixer un taux' }));
      await hand.choose(page.getByLabel('Règle'), 'dalo_bailleur');
      await hand.type(page.getByLabel('Taux (%)'), '27,5');
      await hand.type(page.getByLabel('Convention ou avenant'), 'CIA de l’essai');
      await hand.type(page.getByLabel('Signée le'), '2024-05-02');
      await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
      await page.locator('tbody tr', { hasText: 'CIA de l’essai' }).filter({ hasText: '27,5' }).waitFor();
    } },
    { name: 'a plan of allocations', most: [5, 5], walk: async (hand) => {
      const { page } = hand;
      const file = readdirSync(join(FILES, 'plan')).find((f) => f.startsWith('demandes')) ?? '';
      await hand.go('Mixité', 'Objectifs de mixité');
      const section = page.locator('section[aria-labelledby=plan]');
      await hand.give(section.getByLabel('Demandes en attente'), [join(FILES, 'plan', file)]);
      await hand.type(section.getByLabel('Mois à couvrir'), '2');
      await hand.click(section.getByRole('button', { name: 'Proposer un plan' }));
      await section.locator('table').first().locator('tbody tr').first().waitFor({ timeout: 60_000 });
    } },
    { name: 'a link that shows a colleague the same view', most: [4, 5], walk: async (hand) => {
      const { page } = hand;
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.base });
      await hand.choices();
      await hand.choose(page.locator('label', { hasText: 'Échelle' }).locator('select'), 'iris');
      await hand.away();
      await page.locator('.legend .sub', { hasText: 'par IRIS' }).waitFor();
      await settle(page);
      await hand.click(page.getByRole('button', { name: 'Montrer' }));
      await hand.click(page.getByRole('button', { name: 'Copier le lien' }));
      await page.getByText(/lien vers cette carte.*copié/).first().waitFor();
      const link = await page.evaluate(() => navigator.clipboard.readText());
      const [title, sub] = [await page.locator('.legend h2').innerText(), await page.locator('.legend .sub').innerText()];
      const colleague = await open({});
      try {
        await enter(colleague.page, server, 'ddets');
        await colleague.page.goto(link);
        await colleague.page.locator('.legend .sub', { hasText: 'par IRIS' }).waitFor();
        assert.deepEqual([await colleague.page.locator('.legend h2').innerText(), await colleague.page.locator('.legend .sub').innerText()], [title, sub]);
      } finally {
        await colleague.close();
      }
    } },
  ],
  ddets: [
    { name: 'what is new since the last visit', most: [2, 2], walk: async (hand) => {
      const { page } = hand;
      if (hand.narrow) {
        await hand.click(page.locator('summary[title="Pages"]'));
        await hand.click(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: /DALO et QPV.*en attente/ }));
      } else {
        await page.locator('nav summary .fresh').waitFor();
        await hand.go('Mixité', 'DALO et QPV');
      }
      await page.locator('section[aria-labelledby=liste] tbody tr', { hasText: /nouveau/i }).first().waitFor();
    } },
    { name: 'a reason contested, another accepted, a lessor reminded', most: [8, 8], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'DALO et QPV');
      const rows = page.locator('section[aria-labelledby=liste] tbody tr');
      const given = rows.filter({ has: page.getByRole('button', { name: 'Contester' }) }).first();
      await hand.click(given.getByRole('button', { name: 'Contester' }));
      await hand.type(page.getByLabel('Pourquoi'), 'Le bail précédent était ailleurs.');
      await hand.click(page.locator('section[aria-labelledby=liste] form').getByRole('button', { name: 'Contester' }));
      await rows.getByText('Contesté', { exact: true }).first().waitFor();
      const other = rows.filter({ has: page.getByRole('button', { name: 'Accepter' }) }).first();
      await hand.click(other.getByRole('button', { name: 'Accepter' }));
      await rows.getByText('Accepté', { exact: true }).first().waitFor();
      await hand.click(rows.getByRole('button', { name: 'Relancer' }).last());
      await rows.getByText('Relance', { exact: true }).first().waitFor();
    } },
    { name: 'the share of the flow out of the QPV', most: [2, 2], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'Gestion en flux');
      await page.getByText(/baux du flux hors QPV/).first().waitFor();
      await page.locator('article', { hasText: 'Dont en QPV' }).first().waitFor();
    } },
    { name: 'leases of DALO households on the map', most: [2, 2], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'DALO et QPV');
      await seen(page, page.locator('main .maplibregl-map, main .map canvas'));
    } },
    { name: 'a file of five hundred addresses', most: [5, 5], walk: async (hand) => {
      const { page } = hand;
      const all = table('rpls_2024.csv', (r) => (r['NOMVOIE'] ?? '') !== '' && !Object.values(r).some((c) => c.includes('"')));
      const { head } = all;
      const rows = all.rows.filter((_, i) => i % 37 === 0).slice(0, 500);
      assert.equal(rows.length, 500);
      const titles = head.split(';');
      const kept = ['IDENT_REP', 'NUMVOIE', 'TYPVOIE', 'NOMVOIE', 'CODEPOSTAL', 'LIBCOM'].map((t) => titles.indexOf(t));
      assert.ok(kept.every((i) => i >= 0));
      const text = [head, ...rows].map((l) => kept.map((i) => l.split(';')[i]).join(';')).join('\n');
      await hand.go('Occupation', 'Un fichier d’adresses');
      await hand.give(page.getByLabel('Fichier d’adresses', { exact: true }).last(), csv('adresses.csv', text));
      await hand.click(page.getByRole('button', { name: 'Situer ces adresses' }));
      await page.getByRole('heading', { name: /adresses? sur 500 dans un QPV 2024/ }).waitFor({ timeout: 60_000 });
      const [file] = await Promise.all([page.waitForEvent('download'), hand.click(page.getByRole('button', { name: 'Télécharger le fichier complété' }))]);
      const back = (await contentOf(file)).text.trim().split(/\r?\n/);
      assert.equal(back.length, 501);
      const words = back.slice(1).map((l) => l.split(';')[back[0]?.split(';').indexOf('qpv2024') ?? -1] ?? '');
      const inside = words.filter((w) => w === 'dedans').length;
      assert.ok(inside > 0 && words.filter((w) => w === 'dehors').length > 0, `${inside} inside`);
      assert.equal(readNumber(await page.locator('#fa-bilan').innerText()), inside);
    } },
    { name: 'the list for the prefect, printed', most: [2, 2], walk: async (hand) => {
      const { page } = hand;
      await hand.go('Mixité', 'DALO et QPV');
      await page.locator('section[aria-labelledby=liste] tbody tr').first().waitFor();
      assert.ok((await page.pdf({ preferCSSPageSize: true })).length > 10_000);
    } },
  ],
  commune: [
    { name: 'on the projector: what a colour is, and my commune among its neighbours', most: [4, 5], walk: async (hand) => {
      const { page } = hand;
      await hand.find('Orme-sur-Sereine', /Orme-sur-Sereine/);
      await page.locator('.fiche').waitFor();
      await hand.click(page.getByRole('button', { name: 'Montrer' }));
      await hand.click(page.getByRole('button', { name: /Plein écran|Présenter|Projeter/ }).first());
      await page.getByRole('button', { name: /^Quitter/ }).waitFor();
      await page.locator('.legend ol li').first().waitFor();
      await page.getByTestId('valeur').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('header').first().waitFor();
    } },
  ],
  administrateur: [
    { name: 'files brought, what they replace read, one left aside', most: [6, 6], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('header .end summary').last());
      await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
      await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Données' }));
      await hand.give(page.locator('input[type=file]').first(), [join(FILES, 'seuils_q1.csv')]);
      const card = page.locator('li.card', { hasText: 'seuils_q1.csv' });
      await card.getByText(/seuils du premier quartile/i).first().waitFor({ timeout: 60_000 });
      await hand.click(card.getByRole('button', { name: /Écarter/ }));
      await card.waitFor({ state: 'detached' });
    } },
    { name: 'an organisation and an account', most: [10, 10], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('header .end summary').last());
      await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
      await hand.type(page.getByLabel('Nom de l’organisme'), 'Agence de l’essai');
      await hand.choose(page.getByLabel('Rôle'), 'agence');
      await hand.click(page.getByRole('button', { name: 'Ajouter' }));
      await page.getByRole('cell', { name: 'Agence de l’essai' }).waitFor();
      await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Comptes', exact: true }));
      await hand.choose(page.getByLabel('Organisme', { exact: true }).or(page.locator('form label', { hasText: 'Organisme' }).locator('select')).first(), { label: 'Agence de l’essai (Agence d’urbanisme)' });
      await hand.type(page.getByLabel('Nom', { exact: true }), 'Camille Martin');
      await hand.type(page.getByLabel('Adresse électronique'), 'camille@essai.example');
      await hand.click(page.getByRole('button', { name: 'Ajouter' }));
      await page.locator('.note code').waitFor();
    } },
    { name: 'a target changed with its decision', most: [9, 9], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('header .end summary').last());
      await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
      await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Paramètres' }));
      await hand.type(page.getByLabel('Chercher'), 'hors qpv cible');
      await hand.click(page.getByRole('button', { name: 'Changer regle.hors_qpv_q1.cible' }));
      await hand.type(page.getByLabel('Nouvelle valeur'), '0,30');
      await hand.type(page.getByLabel(/^Motif/), 'CIA signée le 12 mars 2026');
      await hand.click(page.getByRole('button', { name: 'Essayer' }));
      await page.getByRole('status').filter({ hasText: 'Essai' }).waitFor();
      await hand.click(page.getByRole('button', { name: 'Enregistrer' }));
      await page.getByRole('status').filter({ hasText: '0,25 → 0,3' }).waitFor();
    } },
    { name: 'the journal read, by what it is about', most: [4, 4], walk: async (hand) => {
      const { page } = hand;
      await hand.click(page.locator('header .end summary').last());
      await hand.click(page.getByRole('link', { name: 'Administration', exact: true }));
      await hand.click(page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Journal' }));
      await hand.choose(page.getByRole('combobox', { name: 'Action', exact: true }), 'connexion');
      await eventually(async () => assert.ok((await page.locator('tbody tr td:nth-child(4)').allInnerTexts()).every((a) => a.trim() === 'Connexion')));
    } },
  ],
};

for (const [width, most] of WIDTHS) {
  describe(`tasks that change something, at ${width} px`, () => {
    before(async () => {
      server = await serve({ copy: true });
      // What is declared is kept beside the accounts, which each server has of its own.
      server.run('admin', 'flux', join(FILES, 'declares', 'flux'));
    });
    after(() => server.stop());
    // The lessor first: the State answers what it said, the EPCI decides of what it proposed.
    for (const [role, tasks] of Object.entries(TASKS)) test(`of ${role}`, () => walk(server, role, tasks, width, most));
  });
}
