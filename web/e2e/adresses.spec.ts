// A bailleur corrects an address by keyboard, sees what it changes in figures and tiles, and undoes it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, enter, serve, trail, type Server } from './server';
import { axeFaults, contentOf, open, picture, settle, type Session } from './harness';

interface Address { id: string; libelle: string; depcom: string; logements: number; ban: boolean; motifs: Record<string, number> }
interface List { total: number; adresses_total: number; adresses: Address[] }
interface Candidates { candidats: { lon: number; lat: number; score: number; genre: string }[]; logements: { ident_rep: string; corrige: boolean; lon: number | null; lat: number | null }[] }
interface Effects { avant: { qpv: { generation: string; reponse: string; code: string | null }[] } | null; apres: { qpv: { generation: string; reponse: string; code: string | null }[] }; refus: string | null }
interface Sheet { couverture: { logements: number } }

let server: Server;
let session: Session;
before(async () => {
  server = await serve({ copy: true });
  session = await open({});
  await enter(session.page, server, 'bailleur');
});
after(async () => {
  await session?.close();
  server?.stop();
});

const axe = async (): Promise<void> => assert.deepEqual(await axeFaults(session.page), []);
const list = (): Promise<List> => ask<List>(session.page, '/api/adresses?limite=500');

/** An address that a sure candidate moves into a QPV of 2024. */
async function intoQpv(): Promise<{ address: Address; place: number; qpv: string; to: [number, number] }> {
  const { adresses } = await list();
  for (const [place, address] of adresses.entries()) {
    if (!address.motifs['qualite_commune'] && !address.motifs['empilement'] && !address.motifs['sans_point']) continue;
    const { candidats } = await ask<Candidates>(session.page, `/api/adresses/${address.id}/candidats`);
    const best = candidats[0];
    if (!best || best.genre !== 'housenumber') continue;
    const effects = await ask<Effects>(session.page, `/api/adresses/${address.id}/consequences?lon=${best.lon}&lat=${best.lat}`);
    const now = effects.avant?.qpv.find((q) => q.generation === '2024');
    const then = effects.apres.qpv.find((q) => q.generation === '2024');
    if (!effects.refus && then?.reponse === 'dedans' && then.code && now?.code !== then.code) return { address, place, qpv: then.code, to: [best.lon, best.lat] };
  }
  throw new Error('the demonstration has no address to move into a QPV');
}

describe('addresses to correct', () => {
  test('are ranked by dwellings, with what is wrong with each', async () => {
    const { page } = session;
    await page.goto(`${server.base}/adresses`);
    await page.locator('[role=option]').first().waitFor();
    await settle(page);
    const { adresses, adresses_total: total } = await list();
    assert.equal(await page.locator('[role=option]').count(), Math.min(500, total));
    assert.ok(adresses.length > 20);
    await page.locator('.candidates, .side .muted').first().waitFor();
    await axe();
  });

  test('a correction by keyboard moves the dwellings into their QPV in figures and tiles; undone, they are back', async () => {
    const { page } = session;
    const { address, place, qpv, to } = await intoQpv();
    // The tile of points that holds the new place.
    const n = 2 ** 14;
    const [x, y] = [Math.floor(((to[0] + 180) / 360) * n), Math.floor(((1 - Math.asinh(Math.tan((to[1] * Math.PI) / 180)) / Math.PI) / 2) * n)];
    const tile = (): Promise<string> =>
      page.evaluate(async (path) => {
        const bytes = new Uint8Array(await (await fetch(path, { cache: 'no-store' })).arrayBuffer());
        return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).join();
      }, `/tiles/adresse/14/${x}/${y}.mvt`);
    const drawn = await tile();
    const dwellings = async (): Promise<number> => (await ask<Sheet>(page, `/api/zones/qpv2024/${qpv}?indicateurs=P01`)).couverture.logements;
    const before = await dwellings();
    await page.goto(`${server.base}/adresses`);
    const listing = page.getByRole('listbox');
    await listing.waitFor();
    await settle(page);
    await listing.focus();
    for (let i = 0; i < place; i++) await page.keyboard.press('ArrowDown');
    await settle(page);
    assert.match(await page.locator('[aria-selected=true] .name').innerText(), new RegExp(address.libelle.slice(0, 12)));
    await page.keyboard.press('1');
    await page.getByRole('heading', { name: /Conséquences pour/ }).waitFor();
    await page.locator('tr.changed', { hasText: 'QPV 2024' }).waitFor();
    await axe();
    const begun = Date.now();
    await page.keyboard.press('Enter');
    await page.getByText(/déplacé/).first().waitFor();
    await page.getByText(/Chiffres à jour/).waitFor();
    const took = Date.now() - begun;
    console.log(`correction to figures: ${took} ms`);
    assert.equal(await dwellings(), before + address.logements);
    assert.ok(took < 10_000, `${took} ms`);
    const moved = await tile();
    assert.notEqual(moved, drawn, 'the point is in the tile');
    const csv = await page.evaluate(async () => (await fetch('/api/adresses/corrections.csv')).text());
    assert.equal(csv.trim().split(/\r?\n/).length, address.logements + 1);
    assert.ok(!(await list()).adresses.some((a) => a.id === address.id), 'it has left the list');

    await page.getByRole('listbox').focus();
    await page.keyboard.press('Control+z');
    // The message changes at once; what it tells of is seen once the figures follow.
    await page.getByText(/: correction annulée/).waitFor();
    assert.equal(await page.getByText(/logements? déplacé/).count(), 0);
    await page.getByText(/^Chiffres à jour/).waitFor();
    assert.equal(await dwellings(), before);
    assert.equal(await tile(), drawn);
    assert.ok((await list()).adresses.some((a) => a.id === address.id), 'it is in the list again');
  });

  test('any address of the stock is found, and only some of its dwellings moved; undone, they are back', async () => {
    const { page } = session;
    const all = await ask<List>(page, '/api/adresses?q=rue&limite=1000');
    const sound = all.adresses.find((a) => Object.keys(a.motifs).length === 0 && a.logements > 3 && a.ban);
    assert.ok(sound, 'an address with nothing wrong');
    await page.goto(`${server.base}/adresses`);
    await page.getByRole('listbox').waitFor();
    await page.getByLabel('Chercher une adresse de votre parc').fill(sound.libelle);
    await page.getByText(/du parc, à corriger ou non/).waitFor();
    await page.locator('[role=option]', { hasText: sound.libelle }).first().click();
    await page.getByText(/Quelques logements seulement/).click();
    const candidates = await ask<Candidates>(page, `/api/adresses/${sound.id}/candidats`);
    const [one, two] = candidates.logements;
    assert.ok(one?.ident_rep && two?.ident_rep);
    await page.getByRole('checkbox', { name: one.ident_rep }).check();
    await page.getByRole('checkbox', { name: two.ident_rep }).check();
    const box = await page.locator('.map').boundingBox();
    assert.ok(box);
    await page.mouse.click(box.x + box.width * 0.6, box.y + box.height * 0.55);
    await page.getByRole('heading', { name: /Conséquences pour 2 logements/ }).waitFor();
    await axe();
    await picture(page, 'adresses-quelques-logements');
    await page.getByRole('button', { name: /Enregistrer/ }).click();
    await page.getByText(/2 logements déplacés/).waitFor();
    await page.getByText(/Chiffres à jour/).waitFor();
    const after = await ask<Candidates>(page, `/api/adresses/${sound.id}/candidats`);
    const moved = after.logements.filter((l) => l.corrige);
    assert.deepEqual(moved.map((l) => l.ident_rep).sort(), [one.ident_rep, two.ident_rep].sort());
    assert.ok(moved.every((l) => l.lon !== one.lon || l.lat !== one.lat));
    assert.ok(after.logements.filter((l) => !l.corrige).every((l) => candidates.logements.some((c) => c.ident_rep === l.ident_rep && c.lon === l.lon && c.lat === l.lat)), 'the others stay');
    const csv = await page.evaluate(async () => (await fetch('/api/adresses/corrections.csv')).text());
    assert.equal(csv.trim().split(/\r?\n/).length, 3);
    await page.getByRole('button', { name: 'Annuler' }).click();
    await page.getByText(/: correction annulée/).waitFor();
    await page.getByText(/^Chiffres à jour/).waitFor();
    assert.deepEqual(await ask<Candidates>(page, `/api/adresses/${sound.id}/candidats`), candidates);
  });

  test('sure candidates are accepted together, and undone together', async () => {
    const { page } = session;
    await page.goto(`${server.base}/adresses`);
    await page.getByRole('listbox').waitFor();
    const before = (await list()).adresses_total;
    await page.getByRole('button', { name: 'Voir combien' }).click();
    await page.getByRole('button', { name: 'Accepter', exact: true }).click();
    await page.getByText(/adresses corrigées/).waitFor();
    await page.getByText(/Chiffres à jour/).waitFor();
    const after = (await list()).adresses_total;
    assert.ok(after < before * 0.8, `${before} → ${after}`);
    await page.getByRole('button', { name: 'Corrections faites' }).click();
    await page.locator('dialog tbody tr').first().waitFor();
    await axe();
    const [download] = await Promise.all([page.waitForEvent('download'), page.evaluate(() => document.querySelector<HTMLAnchorElement>('a[href$="corrections.csv"]')?.click())]);
    assert.match((await contentOf(download)).text, /^\ufeffIDENT_REP;IDENT_INT;/);
    await page.getByRole('button', { name: 'Tout le lot' }).first().click();
    await page.getByRole('button', { name: 'Tout le lot' }).first().waitFor({ state: 'detached' });
    await page.getByText(/^Chiffres à jour/).waitFor();
    assert.equal((await list()).adresses_total, before);
    await settle(page);
    assert.deepEqual(session.faults.filter((f) => !f.includes(server.base)), []);
  });

  test('each act has its line in the trail', async () => {
    for (const action of ['adresse_corrigee', 'adresse_correction_annulee']) assert.ok((await trail(server, action)).length > 0, action);
  });
});
