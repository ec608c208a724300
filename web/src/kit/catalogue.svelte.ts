// What the catalogue says that every page needs: whether the territory is invented, which scales the person's rights open.
import { api, read, type Catalogue } from '../api/client';

class Known {
  catalogue = $state.raw<Catalogue | null>(null);
  #asked: Promise<void> | null = null;

  /** Asked once a page; without an answer nothing is said and nothing more is hidden. */
  load(): void {
    this.#asked ??= read(api.GET('/api/catalogue')).then((found) => void (this.catalogue = found), () => undefined);
  }

  /** Scales of households that are closed to the person. */
  get closed(): readonly string[] {
    return (this.catalogue?.echelles ?? []).filter((scale) => !scale.occupation).map((scale) => scale.id);
  }
}

export const known = new Known();
