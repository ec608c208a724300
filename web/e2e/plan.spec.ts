// The plan on the page of social mix: a file of demands in, targets and departures out.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { axeFaults, BASE_URL, contentOf, get, open, post, readNumber, settle, type Session } from './harness';

interface Plan { logements: number; menages: number; objectif: number; cibles: { libelle: string; manque: number }[]; affectations: unknown[] }
const FILES = process.env['DEMO_FILES'] ?? '';

let session: Session;
before(async () => void (session = await open()));
after(() => session.close());

describe('the plan', { skip: FILES === '' }, () => {
  test('proposes, says that it decides nothing, and gives what the interface gives', async () => {
    const { page } = session;
    const file = join(FILES, 'plan', readdirSync(join(FILES, 'plan')).find((f) => f.startsWith('demandes')) ?? '');
    await page.goto(`${BASE_URL}/mixite`);
    await page.locator('section[aria-labelledby=plan]').waitFor();
    await settle(page);
    const section = page.locator('section[aria-labelledby=plan]');
    assert.match(await section.innerText(), /pas une décision/);
    await section.getByLabel('Demandes en attente').setInputFiles(file);
    await section.getByLabel('Mois à couvrir').fill('2');
    await section.getByRole('button', { name: 'Proposer un plan' }).click();
    await section.locator('[role=status]').waitFor();
    const mix = await get<{ epci: { code: string }[] }>('/api/mixite');
    const plan = await post<Plan>('/api/plan', { epci: mix.epci[0]?.code, demandes: readFileSync(file, 'utf8'), mois: 2 });
    assert.equal(readNumber(await section.locator('[role=status]').innerText()), plan.logements);
    const rows = section.locator('table').first().locator('tbody tr');
    assert.equal(await rows.count(), plan.cibles.length);
    const [download] = await Promise.all([page.waitForEvent('download'), section.getByRole('button', { name: 'CSV' }).click()]);
    assert.equal((await contentOf(download)).text.trim().split(/\r?\n/).length, plan.affectations.length + 1);
    assert.deepEqual(await axeFaults(page), []);
  });
});
