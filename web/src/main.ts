// Starts the page that the address names; each page brings only its own code.
import '@fontsource-variable/source-sans-3/wght.css';
import { mount, type Component } from 'svelte';
import './app.css';
import { session } from './state/session.svelte';

const PAGES: Record<string, () => Promise<{ default: Component }>> = {
  '/administration': () => import('./admin/Administration.svelte'),
  '/connexion': () => import('./compte/Connexion.svelte'),
  '/organisme': () => import('./compte/MonOrganisme.svelte'),
  '/mixite': () => import('./mixite/Mixite.svelte'),
  '/dalo': () => import('./dalo/Dalo.svelte'),
  '/residences': () => import('./residences/Residences.svelte'),
};

void session.load();
const target = document.getElementById('app');
if (target) {
  const page = await (PAGES[location.pathname.replace(/\/$/, '')] ?? (() => import('./App.svelte')))();
  mount(page.default, { target });
}
