import { open, settle, BASE_URL } from '/work/wt-show/web/e2e/harness.ts';
const [,, path, out] = process.argv;
const s = await open();
await s.page.goto(BASE_URL + path); await settle(s.page); await s.page.waitForTimeout(2500);
await s.page.pdf({ path: out, preferCSSPageSize: true, printBackground: true });
await s.close();
