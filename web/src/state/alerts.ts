// How many DALO placements await the organisation, or are new to it: every page shows it, few minutes change it.
import { api, read } from '../api/client';
import { session } from '../session/session.svelte';

const STORE = 'mosaique.alertes';
/** How long a count is good for, in milliseconds. */
const KEPT = 120_000;

/** Of this person; asked once in two minutes, and anew where the list itself is read. */
export async function alerts(): Promise<number> {
  const who = session.me?.courriel ?? '';
  const known = location.pathname === '/dalo' ? null : remembered(who);
  if (known !== null) return known;
  const { attendus, nouveaux: fresh } = await read(api.GET('/api/dalo/alertes'));
  const nouveaux = Math.max(attendus, fresh);
  try {
    sessionStorage.setItem(STORE, JSON.stringify({ who, nouveaux, at: Date.now() }));
  } catch {
    // Storage refused: the count is asked again.
  }
  return nouveaux;
}

/** The list was read: nothing is new any more. */
export function forgetAlerts(): void {
  try {
    sessionStorage.removeItem(STORE);
  } catch {
    // There was none.
  }
}

function remembered(who: string): number | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE) ?? 'null') as { who: string; nouveaux: number; at: number } | null;
    return kept && kept.who === who && Date.now() - kept.at < KEPT ? kept.nouveaux : null;
  } catch {
    return null;
  }
}
