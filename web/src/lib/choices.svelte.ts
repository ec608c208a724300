// Choices of a page that its address holds: read when it opens, written back at each change. One class for all pages of lists.

export class UrlChoices<Name extends string> {
  readonly #path: string;
  readonly #names: readonly Name[];
  #of = $state<Partial<Record<Name, string>>>({});

  constructor(path: string, names: readonly Name[], search = globalThis.location?.search ?? '') {
    this.#path = path;
    this.#names = names;
    this.#of = this.#given(search);
  }

  #given(search: string): Partial<Record<Name, string>> {
    const given = new URLSearchParams(search);
    return Object.fromEntries(this.#names.flatMap((name) => (given.get(name) ? [[name, given.get(name)]] : []))) as Partial<Record<Name, string>>;
  }

  /** Empty: not chosen. */
  get(name: Name): string {
    return this.#of[name] ?? '';
  }

  /** Changes choices; an empty value takes one away. The address follows; only with `step` does the browser's « back » come here again. */
  set(changes: Partial<Record<Name, string>>, step = false): void {
    const next = { ...this.#of, ...changes };
    this.#of = Object.fromEntries(Object.entries(next).filter(([, value]) => value)) as Partial<Record<Name, string>>;
    if (step) globalThis.history?.pushState(null, '', this.address());
    else globalThis.history?.replaceState(null, '', this.address());
  }

  /** The browser went back to a step: its choices are taken again, and those that changed are told. */
  back(search = globalThis.location?.search ?? ''): Name[] {
    const before = this.#of;
    this.#of = this.#given(search);
    return this.#names.filter((name) => before[name] !== this.#of[name]);
  }

  /** Those that are chosen among some, as a question to the server. */
  query(names: readonly Name[] = this.#names): Partial<Record<Name, string>> {
    return Object.fromEntries(names.flatMap((name) => (this.#of[name] ? [[name, this.#of[name]]] : []))) as Partial<Record<Name, string>>;
  }

  /** The address of the page with its choices, always in the same order. */
  address(): string {
    const search = new URLSearchParams(this.query() as Record<string, string>).toString();
    return search ? `${this.#path}?${search}` : this.#path;
  }
}
