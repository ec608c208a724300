// One request at a time, the latest wins: what makes figures follow the pen without flooding the server.

export interface LatestOptions<R> {
  /** Milliseconds between two starts. */
  interval: number;
  /** An answer older than this is given up when something newer waits. */
  patience: number;
  onResult: (result: R) => void;
  onError: (error: unknown) => void;
  /** For tests. */
  now?: () => number;
}

/**
 * Runs jobs one by one. A job that comes while another runs waits, and replaces the one that waited.
 * The running job is let end (so that a moving pen still sees answers), unless it is older than `patience`.
 */
export class Latest<R> {
  #running: { abort: AbortController; since: number } | null = null;
  #waiting: ((signal: AbortSignal) => Promise<R>) | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lastStart = -Infinity;
  readonly #options: LatestOptions<R>;

  constructor(options: LatestOptions<R>) {
    this.#options = options;
  }

  push(job: (signal: AbortSignal) => Promise<R>): void {
    this.#waiting = job;
    const running = this.#running;
    if (running && this.#now() - running.since > this.#options.patience) running.abort.abort();
    if (!running) this.#schedule();
  }

  /** Forgets what waits and gives up what runs. */
  cancel(): void {
    this.#waiting = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running?.abort.abort();
  }

  get busy(): boolean {
    return this.#running !== null || this.#waiting !== null;
  }

  #now(): number {
    return (this.#options.now ?? (() => performance.now()))();
  }

  #schedule(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#lastStart + this.#options.interval - this.#now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#start();
    }, wait);
  }

  async #start(): Promise<void> {
    const job = this.#waiting;
    if (!job || this.#running) return;
    this.#waiting = null;
    this.#lastStart = this.#now();
    const abort = new AbortController();
    this.#running = { abort, since: this.#lastStart };
    let report: () => void;
    try {
      const result = await job(abort.signal);
      report = () => this.#options.onResult(result);
    } catch (error) {
      report = () => this.#options.onError(error);
    }
    // Free before telling, so that `busy` is right for whoever listens.
    this.#running = null;
    if (this.#waiting) this.#schedule();
    if (!abort.signal.aborted) report();
  }
}
