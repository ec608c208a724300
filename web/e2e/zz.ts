import { open, settle, BASE_URL, axeFaults } from './harness';
const s = await open(); const { page } = s;
for (const w of [1280, 375]) {
  await page.setViewportSize({ width: w, height: 800 });
  await page.goto('about:blank');
  await page.goto(`${BASE_URL}/?zone=commune:01902&indicateur=I02&echelle=commune`);
  await page.locator('.fiche tr.theme').first().waitFor(); await settle(page);
  const b = page.getByRole('button', { name: 'Les chercher' });
  await b.scrollIntoViewIfNeeded(); await b.click();
  const sec = page.locator('section[aria-labelledby=comparables]');
  await sec.locator('ol li').first().waitFor(); await sec.locator('h3').scrollIntoViewIfNeeded();
  await sec.evaluate(e => e.scrollIntoView()); 
  await page.screenshot({ path: `/tmp/comp-${w}.png` });
  console.log(w, await axeFaults(page), await page.evaluate(() => document.documentElement.scrollWidth));
  await sec.getByRole('button', { name: /^Comparer/ }).click(); await settle(page);
  await page.screenshot({ path: `/tmp/comp-t-${w}.png` });
  console.log(await page.locator('.drawer thead input').evaluateAll(a => a.map(e => (e as HTMLInputElement).value)), await axeFaults(page));
  await page.evaluate(() => localStorage.removeItem('mosaique.zones'));
}
console.log(s.faults); await s.close();
