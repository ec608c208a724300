// Starts the page that the address names; each page brings only its own code.
import '@fontsource-variable/source-sans-3/wght.css';
import { mount } from 'svelte';
import './app.css';
import './theme.css';
import './print.css';
import { onceSubmitted } from './lib/once';
import { setSpaces } from './lib/typography';
import { routeOf } from './routes';
import { admit } from './session/gate';
import { session } from './session/session.svelte';
import { theme } from './state/theme.svelte';

theme.start();
setSpaces(document.body);
onceSubmitted(document);
void session.load();
const target = document.getElementById('app');
if (target) {
  const route = routeOf(location.pathname);
  // The code of the page comes while the server says who asks for it.
  const code = route?.load();
  const admitted = route ? await admit(route) : 'refused';
  if (code && admitted === 'open') mount((await code).default, { target });
  else if (admitted === 'refused') mount((await import('./pages/absente/Absente.svelte')).default, { target, props: { route } });
}
