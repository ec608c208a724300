import { open, settle } from '/work/wt-show/web/e2e/harness.ts';
import { stage } from '/work/wt-show/web/e2e/stage.ts';
const on = await stage('--fond', 'Essai=http://127.0.0.1:9/{z}/{x}/{y}.png'); const s = await open({});
s.page.on('requestfailed', r => console.log('failed', r.url(), r.failure()?.errorText));
s.page.on('console', r => console.log('console', r.text()));
await s.page.goto(on.base + '/?indicateur=P10&echelle=commune'); await settle(s.page);
await s.page.getByLabel('Fond').selectOption({ label: 'Essai' }); await settle(s.page); await s.page.waitForTimeout(2000);
await s.page.screenshot({path:'/tmp/show/dbg.png'});
await s.close(); on.stop();
