// How much room the screen gives. One limit for all: a phone, or a page enlarged twice on a desk.
import { MediaQuery } from 'svelte/reactivity';

/** The same limit stands in the style sheets: panels become drawers, columns go one under the other. */
export const NARROW = 'max-width: 900px';

class Screen {
  readonly #narrow = new MediaQuery(NARROW);
  get narrow(): boolean {
    return this.#narrow.current;
  }
}

export const screen = new Screen();
