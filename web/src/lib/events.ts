// What happened to the stock since the register, in words.
import type { Catalogue } from '../api/client';
import { formatNumber } from './format';

export type UpToDate = NonNullable<Catalogue['a_jour']>;

const counted = (n: number, one: string, many = `${one}s`): string => `${formatNumber(n)} ${n > 1 ? many : one}`;

/** « 24 entrées, 12 sorties, 3 changements de bailleur ; 5 logements non identifiés restent comme au 1er janvier ». */
export function changes({ entrees, sorties, changements_de_bailleur: moved, non_identifies: unknown, en_attente: waiting }: UpToDate): string {
  const told = [entrees > 0 ? counted(entrees, 'entrée') : '', sorties > 0 ? counted(sorties, 'sortie') : '', moved > 0 ? counted(moved, 'changement de bailleur', 'changements de bailleur') : ''].filter(Boolean);
  const left = unknown > 0 ? `${counted(unknown, 'logement non identifié reste', 'logements non identifiés restent')} comme au 1er janvier` : '';
  const held = waiting > 0 ? `${counted(waiting, 'logement transféré attend', 'logements transférés attendent')} la déclaration de l’autre bailleur` : '';
  return [told.join(', '), left, held].filter(Boolean).join('\u00a0; ');
}
