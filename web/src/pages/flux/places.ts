// What the map of the flow shows of an answer: one réservataire or all, in QPV, out of them, or both.
import type { CarteFlux } from '../../api/client';
import { DISTRICT } from '../../kit/palette';
import { formatNumber } from '../../lib/format';

export type Where = 'tous' | 'dans' | 'hors';

export interface Place { code: string; nom: string; n: number; dans: number; hors: number; centre: [number, number] | null; colour: string; told: string; first: string }

/** Colour of circles of all dwellings, in QPV or not. */
const ALL = '#14536b';

/** Places that have something, the largest first. `holder`: null for all. */
export function places(answer: CarteFlux, holder: string | null, where: Where): Place[] {
  const names = new Map(answer.reservataires.map((r) => [r.code, r.nom]));
  return answer.lieux.flatMap((l): Place[] => {
    const parts = holder === null ? l.parts : l.parts.filter((p) => p.reservataire === holder);
    const all = parts.reduce((s, p) => s + p.nombre, 0);
    const dans = parts.reduce((s, p) => s + p.en_qpv, 0);
    const n = where === 'tous' ? all : where === 'dans' ? dans : all - dans;
    if (n === 0) return [];
    const largest = parts.reduce((a, b) => (count(b, where) > count(a, where) ? b : a));
    const first = `${names.get(largest.reservataire) ?? largest.reservataire} (${formatNumber(count(largest, where))})`;
    const colour = where === 'tous' ? ALL : DISTRICT[where];
    return [{ code: l.code, nom: l.nom, n, dans, hors: all - dans, centre: l.centre as [number, number] | null, colour, first, told: `${l.nom} : ${formatNumber(n)}, dont ${first}` }];
  }).sort((a, b) => b.n - a.n || a.nom.localeCompare(b.nom, 'fr'));
}

const count = (p: { nombre: number; en_qpv: number }, where: Where): number => (where === 'tous' ? p.nombre : where === 'dans' ? p.en_qpv : p.nombre - p.en_qpv);
