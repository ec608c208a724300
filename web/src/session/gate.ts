// The one redirect: who may open a page, who must sign in first.
import { mayOpen, type Route } from '../routes';
import { session, signInAddress } from './session.svelte';

/** `leaving`: on the way to sign in, and from there back here. */
export async function admit(route: Route): Promise<'open' | 'refused' | 'leaving'> {
  if (route.roles === 'public') return 'open';
  const me = await session.ready;
  // Without an answer the page opens and tells itself what is wrong.
  if (!me) return 'open';
  if (!me.connecte || me.doit_changer) {
    location.replace(signInAddress());
    return 'leaving';
  }
  return mayOpen(route, me) ? 'open' : 'refused';
}
