// temporary
import { open, settle, BASE_URL } from './harness';
const out = '/tmp/w2/shots';
const views: [string, string, number, number, ((p: any) => Promise<void>)?][] = JSON.parse(process.env['VIEWS'] ?? '[]');
const theme = process.env['THEME_'] ?? 'clair';
const s = await open();
await s.page.addInitScript((t: string) => { if (location.protocol.startsWith('http')) localStorage.setItem('mosaique.theme', t); }, theme);
for (const [name, path, w, h] of views) {
  await s.page.setViewportSize({ width: w, height: h });
  await s.page.goto('about:blank');
  await s.page.goto(BASE_URL + path);
  await s.page.waitForTimeout(500);
  await settle(s.page);
  await s.page.waitForTimeout(700);
  if (name.includes('present')) { await s.page.keyboard.press('p'); await settle(s.page); await s.page.waitForTimeout(800); }
  await s.page.screenshot({ path: `${out}/${name}-${theme}.png` });
  console.log(name, s.page.url());
}
console.log(s.faults);
await s.close();
