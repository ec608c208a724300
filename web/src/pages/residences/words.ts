// What is said of residences before they are renamed, split or merged: who bears a name already, and what hangs on them.
import type { ListeRpems, ResidenceBailleur } from '../../api/client';
import { shortDate } from '../../lib/dates';
import { plain } from '../../lib/format';

type File = ListeRpems['dossiers'][number];

const same = (a: string, b: string): boolean => plain(a).trim() === plain(b).trim();

/** Whether a residence of these communes bears a name already; `given`: codes of those that give theirs up. */
export const isBorne = (name: string, communes: readonly string[], all: readonly ResidenceBailleur[], given: readonly string[]): boolean =>
  name.trim() !== '' && all.some((r) => communes.includes(r.commune) && !given.includes(r.code) && same(r.nom, name));

/** Why residences cannot be split or merged: the EPCI decides, or has decided, of these dwellings and no others. */
export function bindings(residences: readonly ResidenceBailleur[], files: readonly File[], today: string): string[] {
  return residences.flatMap((r) => {
    const file = files.find((f) => f.residence === r.code);
    if (file?.statut === 'proposee') return [`${r.nom} est proposée comme résidence à enjeu : retirez d’abord la proposition, sur laquelle l’EPCI se prononce.`];
    const listed = (file?.statut === 'validee' || file?.statut === 'renouvellement') && today <= file.fin;
    return file && listed ? [`${r.nom} est sur la liste des résidences à enjeu jusqu’au ${shortDate(file.fin)} : l’EPCI doit d’abord lever cette qualité, qu’il a donnée à ces logements-là.`] : [];
  });
}

/** « Ses notes et ses signalements »: what people said of a residence; nothing where nobody did. */
export const saidOf = (r: ResidenceBailleur): string => {
  const said = [r.note ? 'notes' : '', r.signalements.some((s) => !s.leve) ? 'signalements' : ''].filter(Boolean);
  return said.length > 0 ? `Ses ${said.join(' et ses ')}` : '';
};
