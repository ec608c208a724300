// Rows of a table of indicators: their order, and what they are as a file.
import { fileNumber } from '../../lib/format';
import { compare } from '../../lib/sort';
import { toCsv } from '../../lib/zones';

/** `plus`: how far a figure that was moved may be. */
export interface Cell { valeur: number | null; secret: boolean; plus?: number | null }
export interface Row { code: string; nom: string; logements: number | null; cells: Record<string, Cell> }
interface Known { code: string; nom: string; commune?: string | null; epci?: string | null; departement?: string | null }
export interface Place { scale: string; code: string; nom: string }

/** A territory and those around it, the nearest first; without a territory, the départements. */
export function wider(within: string, territories: readonly { scale: string; zones: readonly Known[] }[]): Place[] {
  const of = (scale: string): readonly Known[] => territories.find((t) => t.scale === scale)?.zones ?? [];
  const [scale = '', code = ''] = within.split(':');
  const zone = of(scale).find((z) => z.code === code);
  if (!zone) return of('departement').slice(0, 3).map((z) => ({ scale: 'departement', code: z.code, nom: z.nom }));
  const around = ([['commune', scale === 'arrondissement' ? zone.commune : null], ['epci', zone.epci], ['departement', zone.departement]] as const).flatMap(([wide, at]) => {
    const found = wide !== scale && !(scale === 'epci' && wide === 'epci') ? of(wide).find((z) => z.code === at) : undefined;
    return found && scale !== 'departement' ? [{ scale: wide, code: found.code, nom: found.nom }] : [];
  });
  return [{ scale, code, nom: zone.nom }, ...around];
}

/** « I02 » from the largest, « -I02 » from the smallest; zones without a figure come last, whichever way. */
export function sorted(rows: readonly Row[], order: string): Row[] {
  const descending = !order.startsWith('-');
  const key = order.replace(/^-/, '');
  const of = (r: Row): string | number | null => (key === '' || key === 'nom' ? r.nom : key === 'logements' ? r.logements : (r.cells[key]?.valeur ?? null));
  // Names go from A to Z first.
  const down = key === '' || key === 'nom' ? !descending : descending;
  return [...rows].sort((a, b) => compare(of(a), of(b), down) || compare(a.nom, b.nom, false));
}

/** A second click on a column turns it round. */
export const turned = (order: string, key: string): string => (order === key || (order === '' && key === 'nom') ? `-${key}` : key);

/** One line a zone, the wider territories first; a secret figure is empty and the next column says so. */
export function csvOf(columns: readonly { id: string; libelle: string; unite: string }[], parents: readonly Row[], rows: readonly Row[], about: { vague: number | null; millesime: number; population: string; filtres: string }): string {
  const moved = [...parents, ...rows].some((r) => Object.values(r.cells).some((c) => c.plus != null));
  const line = (level: string) => (r: Row): string[] => [
    level, r.code, r.nom, fileNumber(r.logements),
    ...columns.flatMap(({ id }) => [fileNumber(r.cells[id]?.secret ? null : r.cells[id]?.valeur), r.cells[id]?.secret ? 'oui' : 'non', ...(moved ? [fileNumber(r.cells[id]?.secret ? null : r.cells[id]?.plus)] : [])]),
    about.population, about.vague ? String(about.vague) : '', String(about.millesime), about.filtres,
  ];
  const head = ['niveau', 'code', 'nom', 'logements', ...columns.flatMap((c) => [`${c.id} ${c.libelle}${c.unite && c.unite !== 'nombre' ? ` (${c.unite})` : ''}`, `${c.id} secret`, ...(moved ? [`${c.id} plus_ou_moins`] : [])]), 'population', 'vague', 'millesime_rpls', 'filtres'];
  return toCsv([head, ...parents.map(line('territoire')), ...rows.map(line('zone'))]);
}
