import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Latest } from './latest';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const setup = (patience = 1000) => {
  const results: string[] = [];
  const errors: unknown[] = [];
  const latest: Latest<string> = new Latest<string>({ interval: 50, patience, onResult: (r) => results.push(r), onError: (e) => errors.push(e), now: () => Date.now() });
  let running = 0;
  let most = 0;
  const started: string[] = [];
  const job = (name: string, ms: number) => async (signal: AbortSignal) => {
    started.push(name);
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()));
    });
    running -= 1;
    return name;
  };
  return { latest, results, errors, started, job, most: () => most };
};

describe('requests that follow the pen', () => {
  it('run one at a time, and only the latest of those that wait', async () => {
    const t = setup();
    t.latest.push(t.job('a', 100));
    await vi.advanceTimersByTimeAsync(10);
    for (const name of ['b', 'c', 'd']) t.latest.push(t.job(name, 100));
    await vi.advanceTimersByTimeAsync(1000);
    expect(t.started).toEqual(['a', 'd']);
    expect(t.results).toEqual(['a', 'd']);
    expect(t.most()).toBe(1);
    expect(t.latest.busy).toBe(false);
  });
  it('keep an interval between starts', async () => {
    const t = setup();
    t.latest.push(t.job('a', 1));
    await vi.advanceTimersByTimeAsync(5);
    t.latest.push(t.job('b', 1));
    await vi.advanceTimersByTimeAsync(20);
    expect(t.started).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(60);
    expect(t.started).toEqual(['a', 'b']);
  });
  it('give up an answer that takes too long when a newer question waits', async () => {
    const t = setup(100);
    t.latest.push(t.job('slow', 5000));
    await vi.advanceTimersByTimeAsync(200);
    t.latest.push(t.job('new', 10));
    await vi.advanceTimersByTimeAsync(100);
    expect(t.results).toEqual(['new']);
  });
  it('say nothing more once cancelled', async () => {
    const t = setup();
    t.latest.push(t.job('a', 100));
    await vi.advanceTimersByTimeAsync(10);
    t.latest.cancel();
    await vi.advanceTimersByTimeAsync(500);
    expect(t.results).toEqual([]);
  });
  it('report a failure and go on', async () => {
    const t = setup();
    t.latest.push(() => Promise.reject(new Error('non')));
    await vi.advanceTimersByTimeAsync(10);
    t.latest.push(t.job('b', 1));
    await vi.advanceTimersByTimeAsync(200);
    expect(t.errors).toHaveLength(1);
    expect(t.results).toEqual(['b']);
  });
});
