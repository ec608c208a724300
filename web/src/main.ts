// Starts the page that the address names; each page brings only its own code.
import '@fontsource-variable/source-sans-3/wght.css';
import { mount, type Component } from 'svelte';
import './app.css';
import './theme.css';
import { session } from './state/session.svelte';
import { theme } from './state/theme.svelte';

const PAGES: Record<string, () => Promise<{ default: Component }>> = {
  '/administration': () => import('./admin/Administration.svelte'),
  '/aide': () => import('./aide/Aide.svelte'),
  '/connexion': () => import('./compte/Connexion.svelte'),
  '/integre': () => import('./integre/Integre.svelte'),
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
  '/portrait': () => import('./portrait/Portrait.svelte'),
};

theme.start();
void session.load();
const target = document.getElementById('app');
if (target) {
  const page = await (PAGES[location.pathname.replace(/\/$/, '')] ?? (() => import('./App.svelte')))();
  mount(page.default, { target });
}
