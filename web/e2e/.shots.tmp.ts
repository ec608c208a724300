import { open, settle, visit, get } from './harness.ts';
const wanted = process.argv.slice(2);
const s = await open();
const { page } = s;
const list = async (scale: string) => (await get<{ zones: { code: string; nom: string; centre: number[] }[] }>(`/api/zones?echelle=${scale}`)).zones;
const [c] = await list('commune');
const iris = await list('iris');
const V: Record<string, () => Promise<void>> = {
  home: async () => { await visit(page, '/?indicateur=I02'); },
  search: async () => { await visit(page, '/?indicateur=I02&echelle=iris'); await page.getByRole('combobox', { name: 'Chercher un territoire' }).fill('orm'); await page.getByRole('option').first().waitFor(); },
  circles: async () => { await visit(page, '/?indicateur=I02&echelle=iris&symboles=cercles&methode=reference&classes=6'); },
  jenks7: async () => { await visit(page, '/?indicateur=I02&echelle=carreau&methode=jenks&classes=7'); },
  facets: async () => { await visit(page, '/?indicateur=I02&echelle=iris&f.financement=PLAI&f.qpv=DANS'); await page.locator('.scroll').first().evaluate((e) => e.scrollTo(0, 9999)); },
  evolution: async () => { await visit(page, '/?indicateur=I02&echelle=iris&vague2=2022'); },
  beside: async () => { await visit(page, '/?indicateur=I02&echelle=iris&vague2=2022&cote=oui'); },
  gap: async () => { await visit(page, '/?indicateur=I02&echelle=iris&ecart=recents'); },
  cloud: async () => { await visit(page, '/?indicateur=I02&echelle=residence&nuage=I05'); await page.locator('.plot circle[data-code]').first().waitFor(); },
  brush: async () => { await visit(page, '/?indicateur=I02&echelle=residence&nuage=I05'); await page.locator('.plot circle[data-code]').first().waitFor(); const b = (await page.locator('.plot').boundingBox())!; await page.mouse.move(b.x + 250, b.y + 60); await page.mouse.down(); await page.mouse.move(b.x + 440, b.y + 260, { steps: 8 }); await page.mouse.up(); await page.waitForTimeout(600); },
  sheet: async () => { await visit(page, `/?indicateur=I02&echelle=iris&zone=iris:${iris[0]!.code}`); },
  sheet2: async () => { await visit(page, `/?indicateur=I02&echelle=iris&zone=iris:${iris[0]!.code}&avec=iris:${iris[2]!.code}`); await page.getByRole('button', { name: /^Comment ce chiffre est-il calculé \? / }).first().click(); await page.locator('.explain').scrollIntoViewIfNeeded(); },
  table: async () => { await visit(page, '/?indicateur=I02&echelle=iris&vague2=2022&vue=tableau'); },
};
for (const name of wanted.length ? wanted : Object.keys(V)) {
  await V[name]!();
  await settle(page);
  await page.screenshot({ path: `/tmp/explore-${name}.png` });
}
console.log(s.faults);
await s.close();
