// Drags the map as a hand does and reads, from the browser's own trace, what each frame costs the page's main thread.
//
// Processor time of that thread is what our code decides. How many frames are seen depends on who draws them: a machine without a
// graphics card draws every disc with its processor, one after the other, and waits for that.

/** Frames of a drag to one side and back. */
const STEPS = 90;

export const percentile = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;

/** Events of the trace while `work` runs. */
async function traced(page, work) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  const ended = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'toplevel', 'disabled-by-default-devtools.timeline'] } });
  await work();
  await session.send('Tracing.end');
  await ended;
  await session.detach();
  return events;
}

/** Processor time of the main thread between two frames of the page, in milliseconds. */
function framesOf(events) {
  const names = events.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain');
  const busiest = names.map(({ pid, tid }) => events.filter((e) => e.pid === pid && e.tid === tid && e.ph === 'X')).sort((a, b) => b.length - a.length)[0] ?? [];
  const ticks = busiest.filter((e) => e.name === 'FireAnimationFrame').map((e) => e.ts).sort((a, b) => a - b);
  const tasks = busiest.filter((e) => e.name === 'RunTask' || e.name === 'ThreadControllerImpl::RunTask').sort((a, b) => a.ts - b.ts);
  const costs = [];
  let next = 0;
  for (let i = 1; i < ticks.length; i++) {
    let cost = 0;
    // Several listeners may ask for one frame: ticks that share a task are one.
    while (next < tasks.length && tasks[next].ts + tasks[next].dur <= ticks[i]) cost += (tasks[next++].tdur ?? 0) / 1000;
    if (cost > 0) costs.push(cost);
  }
  const seconds = ticks.length > 1 ? (ticks[ticks.length - 1] - ticks[0]) / 1e6 : 1;
  return { costs, rate: ticks.length / seconds };
}

/** Pans the map of an open page, which stands still with everything loaded: the cost of each frame in milliseconds, and frames a second. */
export async function panning(page) {
  const box = await page.locator('.map').boundingBox();
  const [x, y] = [box.x + box.width * 0.55, box.y + box.height * 0.5];
  const events = await traced(page, async () => {
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let i = 1; i <= STEPS; i++) {
      const away = 260 * Math.sin((i / STEPS) * 2 * Math.PI);
      await page.mouse.move(x + away, y + away / 3);
    }
    await page.mouse.up();
  });
  return framesOf(events);
}
