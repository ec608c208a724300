// The user's own zones, kept on this computer between visits.
import type { Area } from './zones';

export interface Saved {
  nom: string;
  /** Missing for a zone of the map put aside to compare. */
  geometrie?: Area;
  codes?: { echelle: string; code: string }[];
}

const STORE = 'mosaique.zones';

const isSaved = (z: unknown): z is Saved => typeof z === 'object' && z !== null && 'nom' in z && typeof z.nom === 'string' && ('geometrie' in z || 'codes' in z);

/** The zones of the last visit; none if the browser keeps nothing. */
export function restore(): Saved[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(STORE) ?? '[]');
    return Array.isArray(saved) ? saved.filter(isSaved) : [];
  } catch {
    return [];
  }
}

export function keep(zones: readonly Saved[]): void {
  try {
    localStorage.setItem(STORE, JSON.stringify(zones));
  } catch {
    // Storage refused or full: the zones live as long as the page.
  }
}
