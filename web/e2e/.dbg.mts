import { open } from '/work/wt-show/web/e2e/harness.ts';
import { stage, signIn } from '/work/wt-show/web/e2e/stage.ts';
const on = await stage(); const s = await open({});
s.page.on('response', r => r.status() >= 400 && console.log(r.status(), r.request().method(), r.url()));
s.page.on('framenavigated', f => console.log('nav', f.url()));
s.page.setDefaultTimeout(6000);
try { await signIn(s.page, on, 'dreal', '/'); console.log('ok'); } catch (e) { console.log(String(e).slice(0,300)); await s.page.screenshot({path:'/tmp/show/dbg.png'}); }
await s.close(); on.stop();
