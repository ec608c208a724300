// A convention as its form holds it: texts and numbers of fields, and what they make.
import type { components } from '../../api/schema';

export type ConventionFlux = components['schemas']['ConventionFlux'];
export type DroitReserve = components['schemas']['DroitReserve'];
export type Assiette = components['schemas']['Assiette'];

/** Réservataires that say which one they are. */
export const PRECISE = new Set(['EPCI', 'COMMUNE']);

/** Nothing is aimed at. */
export const noAims = (): NonNullable<ConventionFlux['action_logement']> => ({ placements: null, offres: null, partenariat: null, hors_flux: null });

export const blank = (): ConventionFlux => ({
  bailleur: '', reservataire: '', departement: '', document: '', statut: 'signee', signee: null, du: new Date().getFullYear() + 1, au: null, decompte: 'bail', part: 0, minimum: 0, maximum: null,
  delai: 30, delai_neuf: 60, echeance: 'retour_bailleur', gestion: 'directe', garantie: false, denoncee: null, avenant: '', delais: {}, delegations: [], action_logement: noAims(), communes_autrement: false, qpv_autrement: false,
});

export const blankRight = (): DroitReserve => ({
  id: '', bailleur: '', reservataire: '', departement: '', commune: '', origine: 'garantie', programme: '', nombre: 1, nature: 'droit_de_suite', du: new Date().getFullYear(), au: null, delegataire: '', adresse: '', livraison: null, logements: null, financement: '', acte: '', retire: false,
});

export const blankBase = (): Assiette => ({
  bailleur: '', departement: '', commune: '', annee: new Date().getFullYear() + 1, stock: 0, passees: [], taux: null, mutations: 0, anru: 0, orcod: 0, insalubrite: 0, vente: 0,
});

/** « T4=30 T5+=45 » from delays by typology. */
export const delaysText = (delays: Record<string, number> | undefined): string => Object.entries(delays ?? {}).map(([type, days]) => `${type}=${days}`).join(' ');

/** Delays by typology of such a text; null where a part of it cannot be read. */
export function delaysOf(text: string): Record<string, number> | null {
  const out: Record<string, number> = {};
  for (const part of text.split(/[\s,;|]+/).filter(Boolean)) {
    const [, type, days] = /^(T[1-5]\+?)=(\d{1,3})$/i.exec(part) ?? [];
    if (!type || !days) return null;
    out[type.toUpperCase()] = Number(days);
  }
  return out;
}

/** An empty field of numbers says nothing. */
export const numberOf = (value: number | null | undefined | string): number | null => (value === null || value === undefined || value === '' ? null : Number(value));

/** An empty field of days or texts says nothing. */
export const textOf = (value: string | null | undefined): string | null => (value ? value : null);

/** `COMMUNE` of `COMMUNE:73065`, and `73065`. */
export function holderOf(code: string): { kind: string; which: string } {
  const [kind = '', which = ''] = code.split(':');
  return { kind, which };
}

/** What a convention changes from one version to the next, field by field, in words. */
export function changes(before: ConventionFlux, after: ConventionFlux): string[] {
  const NAMES: Partial<Record<keyof ConventionFlux, string>> = {
    statut: 'statut', signee: 'signature', du: 'première année', au: 'dernière année', decompte: 'ce qui compte', part: 'part', minimum: 'minimum', maximum: 'maximum', delai: 'délai', delai_neuf: 'délai, neuf',
    delais: 'délais par typologie', echeance: 'échéance', gestion: 'gestion', garantie: 'garantie', denoncee: 'dénonciation', delegations: 'délégations', action_logement: 'objectifs d’Action Logement', communes_autrement: 'clause des communes', qpv_autrement: 'clause des QPV', document: 'acte',
  };
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const say = (v: unknown): string => (v === null || v === undefined || v === '' ? 'rien' : typeof v === 'object' ? 'autres' : typeof v === 'boolean' ? (v ? 'oui' : 'non') : String(v).replace('.', ','));
  return (Object.keys(NAMES) as (keyof ConventionFlux)[]).filter((k) => !same(before[k], after[k])).map((k) => (typeof after[k] === 'object' && after[k] ? `${NAMES[k]} modifiées` : `${NAMES[k]} : ${say(before[k])} → ${say(after[k])}`));
}
