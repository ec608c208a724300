// What an EPCI officer prepares for the conference, to the end: decided, planned, weighed, amended.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, eventually, readNumber } from '../harness';
import type { Task } from '../hand';
import { ask } from '../server';
import { FILES } from './files';

export const EPCI: Task[] = [
  { menu: true, name: 'a RPEMS validated, and the annex', most: [8, 9], walk: async (hand) => {
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
  { menu: true, name: 'a rate of the agreement, kept', most: [8, 8], walk: async (hand) => {
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
  { menu: true, name: 'a plan of allocations', most: [5, 5], walk: async (hand) => {
    const { page } = hand;
    const file = readdirSync(join(FILES, 'plan')).find((f) => f.startsWith('demandes')) ?? '';
    await hand.go('Mixité', 'Objectifs de mixité');
    const section = page.locator('section[aria-labelledby=plan]');
    await hand.give(section.getByLabel('Demandes en attente'), [join(FILES, 'plan', file)]);
    await hand.type(section.getByLabel('Mois à couvrir'), '2');
    await hand.click(section.getByRole('button', { name: 'Proposer un plan' }));
    await section.locator('table').first().locator('tbody tr').first().waitFor({ timeout: 60_000 });
  } },
  { menu: true, name: 'a weight of the grid raised, the grid adopted: notes follow', most: [8, 8], walk: async (hand) => {
    const { page } = hand;
    interface Grids { modifiable: string; grilles: { id: string; version: number | null; en_vigueur: boolean; grille: { nom: string; genre: string; criteres: { code: string; points?: number }[] } }[] }
    interface Demands { grille: string; demandes: { reference: string; note: number }[] }
    const grids = await ask<Grids>(page, '/api/cotation/grilles');
    const now = grids.grilles.find((g) => g.en_vigueur && g.grille.genre === 'premiere');
    assert.ok(now);
    const demands = (): Promise<Demands> => ask<Demands>(page, `/api/cotation/demandes?epci=${grids.modifiable}`);
    const before = await demands();
    await hand.go('Mixité', 'Cotation et demande');
    await hand.click(page.getByRole('navigation', { name: 'Cotation' }).getByRole('link', { name: 'Grilles' }));
    const rows = page.locator('main tbody tr');
    await hand.click(rows.filter({ hasText: now.grille.nom }).first().getByRole('button', { name: 'Copier' }));
    // The criterion that weighs most, by its own line of the form.
    const points = page.locator('form .line').filter({ has: page.getByLabel('Points', { exact: true }) }).getByLabel('Points', { exact: true });
    const weights = (await points.evaluateAll((all) => all.map((e) => Number((e as HTMLInputElement).value))));
    const most = weights.indexOf(Math.max(...weights));
    await hand.type(points.nth(most), String((weights[most] ?? 0) + 7));
    await hand.click(page.getByRole('button', { name: 'Enregistrer le brouillon' }));
    const copy = rows.filter({ hasText: `${now.grille.nom} (copie)` }).first();
    await hand.click(copy.getByRole('button', { name: 'Adopter' }));
    await hand.click(page.getByRole('button', { name: 'Adopter cette grille' }));
    await page.getByRole('status').filter({ hasText: 'est adoptée' }).waitFor();
    const after = await demands();
    assert.equal(after.grille, `${now.grille.nom} (copie)`);
    const raised = after.demandes.filter((d) => before.demandes.some((b) => b.reference === d.reference && b.note !== d.note));
    assert.ok(raised.length > 0, 'a weight that changes no note would prove nothing');
    await page.getByRole('navigation', { name: 'Cotation' }).getByRole('link', { name: 'Demandes' }).click();
    await page.getByText(`dans l’ordre de « ${after.grille} »`).waitFor();
    assert.deepEqual((await page.locator('main tbody td:nth-child(3) strong').allInnerTexts()).map(readNumber), after.demandes.map((d) => d.note));
  } },
  { menu: true, name: 'a convention of the flow amended: the objective follows', most: [7, 7], walk: async (hand) => {
    const { page } = hand;
    interface Conventions { conventions: { bailleur: string; bailleur_nom: string; reservataire: string; reservataire_nom: string; part: number; statut: string; maximum: number | null; au: number | null }[] }
    interface Flow { annee: number; lignes: { bailleur: string; reservataire: string; objectif: number | null }[] }
    const { conventions } = await ask<Conventions>(page, '/api/flux/conventions');
    const flow = (): Promise<Flow> => ask<Flow>(page, '/api/flux/suivi');
    const aim = (f: Flow, c: { bailleur: string; reservataire: string }): number | null | undefined => f.lignes.find((l) => l.bailleur === c.bailleur && l.reservataire === c.reservataire)?.objectif;
    const before = await flow();
    const one = conventions.find((c) => c.statut === 'signee' && c.maximum === null && c.au === null && c.part > 5 && (aim(before, c) ?? 0) > 10);
    assert.ok(one, 'a convention whose share makes its objective');
    await hand.go('Mixité', 'Gestion en flux');
    await hand.click(page.getByRole('navigation', { name: 'Gestion en flux' }).getByRole('link', { name: 'Conventions' }));
    await hand.click(page.getByRole('button', { name: `Modifier la convention ${one.reservataire_nom}, ${one.bailleur_nom}` }));
    const form = page.getByRole('form', { name: 'Modifier une convention' });
    await hand.type(form.getByLabel('Part du flux, %'), String(one.part / 2));
    await hand.type(form.getByLabel('Ce que cet avenant change'), 'Avenant de l’essai');
    await hand.click(form.getByRole('button', { name: 'Enregistrer' }));
    await page.getByRole('status').filter({ hasText: 'Nouvelle version' }).waitFor();
    const [was, is] = [aim(before, one) ?? 0, aim(await flow(), one) ?? 0];
    assert.ok(Math.abs(is - was / 2) <= 1.5, `half of ${was} is not ${is}`);
    await page.getByRole('navigation', { name: 'Gestion en flux' }).getByRole('link', { name: 'Suivi' }).click();
    const line = page.locator('section[aria-labelledby=flux-lignes] tbody tr').filter({ hasText: one.bailleur_nom }).filter({ hasText: one.reservataire_nom }).first();
    await eventually(async () => assert.equal(readNumber(await line.locator('td.num').first().innerText()), is));
  } },
];
