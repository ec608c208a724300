import { open, BASE_URL } from '/work/wt-show/web/e2e/harness.ts';
const s = await open();
for (let k = 0; k < 2; k++) {
await s.page.goto('about:blank');
await s.page.goto(BASE_URL + '/?indicateur=I02&echelle=commune', { waitUntil: 'commit' });
await s.page.waitForFunction(() => performance.getEntriesByName('premiere-carte').length > 0);
const rows = await s.page.evaluate(() => performance.getEntriesByType('resource').map(e => [Math.round(e.startTime), Math.round(e.responseEnd), e.name.replace(location.origin,'').slice(0,60)]).concat([[Math.round(performance.getEntriesByName('premiere-carte')[0].startTime),0,'MAP']]));
console.log(rows.map(r => r.join(' ')).join('\n')); console.log('----');
}
await s.close();
