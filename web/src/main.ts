// Starts the page that the address names; each page brings only its own code.
import '@fontsource-variable/source-sans-3/wght.css';
import { mount, type Component } from 'svelte';
import './app.css';
import { session } from './state/session.svelte';

const PAGES: Record<string, () => Promise<{ default: Component }>> = {
  '/administration': () => import('./admin/Administration.svelte'),
  '/connexion': () => import('./compte/Connexion.svelte'),
  '/organisme': () => import('./compte/MonOrganisme.svelte'),
  '/controle': () => import('./controle/PageControle.svelte'),
  '/objectifs': () => import('./objectifs/ObjectifsCia.svelte'),
  '/mixite': () => import('./mixite/Mixite.svelte'),
  '/depots': () => import('./depots/Depots.svelte'),
  '/adresses': () => import('./adresses/Adresses.svelte'),
  '/evenements': () => import('./parc/Evenements.svelte'),
  '/residences': () => import('./parc/Residences.svelte'),
  '/dalo': () => import('./dalo/Dalo.svelte'),
  '/enjeux': () => import('./enjeux/Enjeux.svelte'),
};

void session.load();
const target = document.getElementById('app');
if (target) {
  const page = await (PAGES[location.pathname.replace(/\/$/, '')] ?? (() => import('./App.svelte')))();
  mount(page.default, { target });
}
