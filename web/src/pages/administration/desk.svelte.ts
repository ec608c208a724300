// What the parts of the administration share: a list that is loaded, and attempts that end in a new list or a message.
import { messageOf } from '../../api/client';

export class Desk<T> {
  rows = $state.raw<T[]>([]);
  error = $state<string | null>(null);
  loaded = $state(false);
  readonly #load: () => Promise<T[]>;

  constructor(load: () => Promise<T[]>) {
    this.#load = load;
    void this.attempt(async () => undefined);
  }

  /** Does something, then loads the list anew; whether it worked. */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    this.error = null;
    try {
      await work();
      this.rows = await this.#load();
      this.loaded = true;
      return true;
    } catch (fault) {
      this.error = messageOf(fault);
      return false;
    }
  }
}
