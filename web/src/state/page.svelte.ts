// What the address says, as reactive state; every change is written back to the address.
import { DEFAULT_STATE, readUrl, writeUrl, type PageState } from '../lib/url';

/** The page's state. Changing a field changes the address (see `followUrl`). */
export const page: PageState = $state({ ...DEFAULT_STATE, ...readUrl(location.search, location.hash) });

/** What makes a new entry in the browser's history; the rest (view, order of the table) only rewrites the current one. */
const stepOf = (state: PageState): string => JSON.stringify({ ...state, view: null, sort: null, search: '' });

/** Keeps address and state the same both ways; call once from a component. */
export function followUrl(): void {
  let step = stepOf(page);
  // The indicator filled in at the start is not a step of the user.
  let started = page.indicator !== null;
  $effect(() => {
    const url = writeUrl(page) || location.pathname;
    const next = stepOf(page);
    if (url !== location.search + location.hash) {
      if (next === step || !started) history.replaceState(null, '', url);
      else history.pushState(null, '', url);
    }
    step = next;
    started = page.indicator !== null;
  });
  $effect(() => {
    const back = (): void => {
      const asked = readUrl(location.search, location.hash);
      Object.assign(page, { ...asked, view: asked.view ?? page.view });
      step = stepOf(page);
    };
    window.addEventListener('popstate', back);
    return () => window.removeEventListener('popstate', back);
  });
}

/** The shared query parameters of the HTTP interface for the current state. */
export function sharedQuery(): Record<string, string | number> {
  const query: Record<string, string | number> = { population: page.population, generation: page.generation };
  if (page.wave) query['vague'] = page.wave;
  if (page.upToDate) query['parc'] = 'a_jour';
  for (const [id, codes] of Object.entries(page.filters)) if (codes.length > 0) query[id] = codes.join(',');
  return query;
}

/** Turns one code of a filter on or off. */
export function toggleFilter(id: string, code: string): void {
  const codes = page.filters[id] ?? [];
  const next = codes.includes(code) ? codes.filter((c) => c !== code) : [...codes, code];
  const { [id]: _dropped, ...rest } = page.filters;
  page.filters = next.length > 0 ? { ...rest, [id]: next } : rest;
}
