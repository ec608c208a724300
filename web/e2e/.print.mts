import { open, settle, BASE_URL } from '/work/wt-show/web/e2e/harness.ts';
const [,, path, out, w = '703', ...steps] = process.argv;
const s = await open();
await s.page.goto(BASE_URL + path); await settle(s.page); await s.page.waitForTimeout(2500);
for (const step of steps) { await (new Function('page', `return (async()=>{${step}})()`))(s.page); await s.page.waitForTimeout(500); }
await s.page.emulateMedia({ media: 'print' });
await s.page.setViewportSize({ width: Number(w), height: 900 });
await s.page.waitForTimeout(800);
await s.page.screenshot({ path: out, fullPage: true });
await s.close();
