// Starts the page that the address names; each page brings only its own code.
import '@fontsource-variable/source-sans-3/wght.css';
import { mount } from 'svelte';
import './app.css';
import './theme.css';
import { routeOf, ROUTES } from './routes';
import { session } from './session/session.svelte';
import { theme } from './state/theme.svelte';

theme.start();
void session.load();
const target = document.getElementById('app');
if (target) {
  const page = await (routeOf(location.pathname) ?? ROUTES[0]!).load();
  mount(page.default, { target });
}
