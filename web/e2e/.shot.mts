import { readFileSync } from 'node:fs';
import { open, settle, BASE_URL, axeFaults } from '/work/wt-show/web/e2e/harness.ts';
const [,, path='/', out='/tmp/show/a.png', ...steps] = process.argv;
const s = await open();
await s.page.addInitScript(() => { try { localStorage.setItem('mosaique.visite','faite'); } catch {} });
if (process.env['DARK']) await s.page.emulateMedia({ colorScheme: 'dark' });
await s.page.goto(BASE_URL + path);
await settle(s.page);
for (const step of steps) { await (new Function('page', `return (async()=>{${step}})()`))(s.page); await s.page.waitForTimeout(500); }
await s.page.screenshot({ path: out });
if (process.env['AXE']) console.log((await axeFaults(s.page)).join('\n') || 'axe ok');
console.log(s.faults.join('\n'));
await s.close();
