// DALO placements in QPV: who must do what and by when; a lessor answers, the State accepts, contests, reminds.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axeFaults, contentOf, fits, open, picture, readNumber, settle, type Session } from './harness';
import { ask, enter, serve, type Server } from './server';

interface Placement { id: string; concerne: boolean; bailleur: string; bailleur_nom: string; logement: string | null; repond: string | null; attend: string | null; echeance: string | null; statut: string | null }
interface Answer { etat: boolean; placements: Placement[] }
interface Alerts { attendus: number; en_retard: number }

let server: Server;
let state: Session;
let lessor: Session;
before(async () => {
  server = await serve();
  state = await open({});
  await enter(state.page, server, 'ddets');
  lessor = await open({});
  await enter(lessor.page, server, 'bailleur');
});
after(async () => {
  await state?.close();
  await lessor?.close();
  server?.stop();
});

const list = (on: Session) => ask<Answer>(on.page, '/api/dalo/placements').then((a) => a.placements.filter((p) => p.concerne));
const row = (on: Session, id: string, dwelling: string | null) => on.page.locator('section[aria-labelledby=liste] tbody tr', { hasText: dwelling ?? `n° ${id.slice(0, 8)}` });
async function visit(on: Session): Promise<void> {
  await on.page.goto(`${server.base}/dalo`);
  await on.page.locator('#liste').waitFor();
  await settle(on.page);
}

describe('who must do what', () => {
  test('the State reads who answers and by when, and its badge counts what awaits it', async () => {
    await visit(state);
    const { page } = state;
    const all = await list(state);
    assert.ok(all.some((p) => p.repond === 'etat') && all.some((p) => p.repond === 'bailleur'));
    const table = page.locator('section[aria-labelledby=suite] tbody tr');
    const counts = new Map<string, number>();
    for (const p of all) if (p.attend) counts.set(p.attend === 'etat' ? 'Services de l’État' : p.bailleur_nom, (counts.get(p.attend === 'etat' ? 'Services de l’État' : p.bailleur_nom) ?? 0) + 1);
    assert.equal(await table.count(), counts.size);
    for (const [who, n] of counts) assert.equal(readNumber(await table.filter({ hasText: who }).locator('td').nth(1).innerText()), n);
    const alerts = await ask<Alerts>(page, '/api/dalo/alertes');
    assert.deepEqual([alerts.attendus, alerts.en_retard], [all.filter((p) => p.attend === 'etat').length, 0]);
    assert.ok(all.every((p) => p.logement === null), 'dwellings are their bailleur’s alone');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
    assert.match((await contentOf(file)).text, /attendu;doit;echeance/);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'dalo-ddets');
  });

  test('a name of the table keeps what awaits it', async () => {
    await visit(state);
    const { page } = state;
    await page.locator('section[aria-labelledby=suite]').getByRole('button', { name: 'Services de l’État' }).click();
    assert.equal(await page.locator('section[aria-labelledby=liste] tbody tr').count(), (await list(state)).filter((p) => p.attend === 'etat').length);
  });
});

describe('the talk about a placement', () => {
  test('a reminder, a reason, a contestation, another reason, and it is accepted', async () => {
    const mine = (await list(lessor)).filter((p) => p.attend === 'bailleur');
    const one = mine[0];
    assert.ok(one?.logement, 'the lessor is told which dwelling it is');

    await visit(state);
    const there = row(state, one.id, null);
    await there.getByRole('button', { name: 'Relancer' }).click();
    await there.getByText('Relance', { exact: true }).waitFor();
    await there.getByRole('button', { name: 'Relancer' }).click();
    await state.page.getByRole('alert').filter({ hasText: 'Une relance vient d’être envoyée' }).or(state.page.getByRole('alert').filter({ hasText: 'Une relance vient d\'être envoyée' })).waitFor();

    await visit(lessor);
    const here = row(lessor, one.id, one.logement);
    assert.ok((await here.innerText()).includes(`n° ${one.id.slice(0, 8)}`), 'both sides name it alike');
    await here.getByText('Relance', { exact: true }).waitFor();
    const answer = async (reason: string): Promise<void> => {
      await here.getByRole('button', { name: 'Justifier' }).first().click();
      await here.getByLabel('Motif').selectOption({ label: reason });
      await here.locator('form').getByRole('button', { name: 'Justifier' }).click();
      await here.getByText(reason, { exact: true }).first().waitFor();
    };
    await answer('Ménage qui habitait déjà le quartier');
    assert.equal((await list(lessor)).find((p) => p.id === one.id)?.attend, 'etat');

    await visit(state);
    await there.getByRole('button', { name: 'Contester' }).click();
    await there.getByLabel('Pourquoi').fill('Le bail précédent était ailleurs.');
    await there.locator('form').getByRole('button', { name: 'Contester' }).click();
    await there.getByText('Contesté', { exact: true }).waitFor();
    const contested = (await list(state)).find((p) => p.id === one.id);
    assert.ok(contested?.attend === 'bailleur' && contested.echeance);

    await visit(lessor);
    await answer('Demande du ménage pour ce quartier');
    await visit(state);
    await there.getByRole('button', { name: 'Accepter' }).click();
    await there.getByText('Accepté', { exact: true }).waitFor();
    assert.deepEqual((({ attend, statut }) => [attend, statut])((await list(state)).find((p) => p.id === one.id)!), [null, 'accepte']);
  });

  test('the State answers for its own contingent, which no lessor may', async () => {
    const own = (await list(lessor)).find((p) => p.repond === 'etat');
    if (own) {
      await visit(lessor);
      assert.equal(await row(lessor, own.id, own.logement).getByRole('button', { name: 'Justifier' }).count(), 0);
    }
    await visit(state);
    const mine = (await list(state)).find((p) => p.repond === 'etat');
    assert.ok(mine);
    const there = row(state, mine.id, null);
    await there.getByRole('button', { name: 'Justifier' }).click();
    await there.getByLabel('Motif').selectOption({ index: 1 });
    await there.locator('form').getByRole('button', { name: 'Justifier' }).click();
    await there.getByText('personne', { exact: true }).waitFor();
  });

  test('no page is wider than a telephone, and the browsers saw no fault', async () => {
    for (const on of [state, lessor]) {
      await on.page.setViewportSize({ width: 375, height: 800 });
      await visit(on);
      await fits(on.page);
    }
    await picture(state.page, 'dalo-ddets-375');
    // The reminder that came too soon is a refusal.
    assert.deepEqual([...state.faults, ...lessor.faults].filter((f) => !/401|409/.test(f)), []);
  });
});
