// A residence that the EPCI put on the list « à enjeu » is left out of the list that L.441-2-2 asks for, told in the list « hors QPV », and named to who checks a dwelling of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { ask, enter, serve, type Server } from './server';
import { open, picture, settle, type Session } from './harness';

interface Vacant { ident_rep: string | null; adresse: string; lon: number; lat: number; residence_a_enjeu: boolean }
interface Elsewhere { total: number; logements: Vacant[]; residences_a_enjeu_ecartees: boolean }
interface Check { avertissements: string[]; ailleurs: Elsewhere; ailleurs_hors_enjeu: Elsewhere }
interface Residences { residences: { code: string; nom: string; adresses: { libelle: string; lon: number; lat: number }[] }[] }

let server: Server;
let lessor: Session;
let epci: Session;
before(async () => {
  server = await serve();
  [lessor, epci] = [await open({}), await open({})];
  await enter(lessor.page, server, 'bailleur');
  await enter(epci.page, server, 'epci');
});
after(async () => {
  await lessor?.close();
  await epci?.close();
  server?.stop();
});

/** Sends JSON with the session of a page. */
async function send<T>(page: Page, path: string, body: unknown): Promise<T> {
  const answer = await page.evaluate(
    async ([where, text]) => {
      const { csrf } = (await (await fetch('/api/session')).json()) as { csrf: string };
      const reply = await fetch(where, { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: text });
      return { ok: reply.ok, text: await reply.text() };
    },
    [path, JSON.stringify(body)] as const,
  );
  assert.ok(answer.ok, `${path}: ${answer.text}`);
  return (answer.text ? JSON.parse(answer.text) : null) as T;
}

const DAY = '2024-12-20';
const check = (ident: string): Promise<Check> =>
  send<Check>(lessor.page, '/api/attributions/controle', { date: DAY, logement: { ident_rep: ident }, reservataire: 'BAILLEUR', menage: { ressources_mensuelles: 1850, nb_personnes: 3, nb_moins14: 1, pct_plafond: 55 } });

describe('dwellings proposed elsewhere', () => {
  test('leave out a residence that has come on the list, which is named where it is checked', async () => {
    const { page } = lessor;
    const { adresses } = await ask<{ adresses: { id: string }[] }>(page, '/api/adresses?q=rue&limite=1');
    const { logements } = await ask<{ logements: { ident_rep: string }[] }>(page, `/api/adresses/${adresses[0]?.id ?? ''}/candidats`);
    const ident = logements[0]?.ident_rep;
    assert.ok(ident);
    const before = await check(ident);
    assert.equal(before.ailleurs_hors_enjeu.residences_a_enjeu_ecartees, false, 'there is no list yet');
    const { residences } = await ask<Residences>(page, '/api/residences');
    const at = (v: Vacant) => (a: { libelle: string; lon: number; lat: number }): boolean => a.libelle === v.adresse && Math.hypot(a.lon - v.lon, a.lat - v.lat) < 1e-5;
    const own = before.ailleurs_hors_enjeu.logements.find((v) => v.ident_rep && residences.some((r) => r.adresses.some(at(v))));
    assert.ok(own?.ident_rep, 'a dwelling of the bailleur is proposed');
    const listed = residences.find((r) => r.adresses.some(at(own)));
    assert.ok(listed);
    const inListed = (v: Vacant): boolean => listed.adresses.some(at(v));

    const { id } = await send<{ id: string }>(page, '/api/rpems', { residence: listed.code, motif: 'occupation', commentaire: '' });
    const proposed = await check(ident);
    assert.equal(proposed.ailleurs_hors_enjeu.total, before.ailleurs_hors_enjeu.total, 'a proposal decides nothing');
    await send(epci.page, `/api/rpems/${id}/decisions`, { decision: 'valider', rang: 1, motif: 'occupation', debut: '2024-01-15' });

    const now = await check(ident);
    const [was, is] = [before.ailleurs_hors_enjeu, now.ailleurs_hors_enjeu];
    assert.equal(is.residences_a_enjeu_ecartees, true);
    assert.ok(is.total < was.total, `${is.total} of ${was.total}`);
    assert.ok(was.logements.some(inListed) && !is.logements.some(inListed) && !is.logements.some((v) => v.residence_a_enjeu));
    const kept = was.logements.filter((v) => !inListed(v)).map((v) => v.adresse);
    assert.deepEqual(is.logements.slice(0, kept.length).map((v) => v.adresse), kept, 'the others keep their order');
    // « Hors QPV » answers another question: the same dwellings as before, and those of the residence are told.
    assert.equal(now.ailleurs.total, before.ailleurs.total);
    assert.deepEqual(now.ailleurs.logements.map((v) => v.residence_a_enjeu), now.ailleurs.logements.map(inListed));
    const there = await check(own.ident_rep);
    assert.ok(there.avertissements.some((a) => /enjeu prioritaire de mixité sociale jusqu'au 14\/01\/2027/.test(a)), there.avertissements.join('\n'));
    assert.ok(!now.avertissements.some((a) => a.includes('enjeu prioritaire')) || inListed({ ...own, ident_rep: ident }));

    await page.goto(`${server.base}/controle`);
    await page.getByLabel('Numéro du logement dans le RPLS').fill(own.ident_rep);
    await page.getByLabel('Réservataire').selectOption('BAILLEUR');
    await page.getByLabel('Personnes', { exact: true }).fill('3');
    await page.getByLabel('% du plafond PLUS').fill('55');
    await page.getByLabel('Bail envisagé le').fill(DAY);
    await page.getByRole('button', { name: 'Contrôler' }).click();
    await page.locator('section[aria-labelledby=ailleurs-enjeu]').getByText('hors des résidences à enjeu, en QPV ou non').waitFor();
    await page.locator('section[aria-labelledby=ailleurs]').getByText('hors QPV, à coup sûr').waitFor();
    await page.getByText(/Sa résidence est à enjeu prioritaire de mixité sociale/).waitFor();
    await settle(page);
    await picture(page, 'controle-residence-a-enjeu');
    assert.deepEqual(lessor.faults.filter((f) => !f.includes(server.base)), []);
  });
});
