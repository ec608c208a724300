// Starts the page that the address names; each page brings only its own code.
import '@fontsource-variable/source-sans-3/wght.css';
import { mount, type Component } from 'svelte';
import './app.css';

const PAGES: Record<string, () => Promise<{ default: Component }>> = {
  '/mixite': () => import('./mixite/Mixite.svelte'),
};

const target = document.getElementById('app');
if (target) {
  const page = await (PAGES[location.pathname.replace(/\/$/, '')] ?? (() => import('./App.svelte')))();
  mount(page.default, { target });
}
