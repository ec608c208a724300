// How data sets and kinds of files are told to who runs the server.
import { formatNumber } from '../../lib/format';

const REGISTERS: Record<string, string> = {
  rpls: 'RPLS',
  ops: 'OPS',
  addresses: 'Adresses (BAN)',
  attributions: 'Attributions',
  demandes: 'Demandes',
  thresholds: 'Seuils du premier quartile',
  depot_rpls: 'RPLS, dépôt',
  depot_ops: 'OPS, dépôt',
};
const LAYERS: Record<string, string> = {
  commune: 'Contours des communes',
  epci: 'Contours des EPCI',
  departement: 'Contours des départements',
  arrondissement: 'Contours des arrondissements de Paris, Lyon ou Marseille',
  iris: 'Contours des IRIS',
  qpv: 'Contours des QPV',
  appartenance: 'Appartenance des communes aux EPCI',
};

/** « RPLS 2024 », « Contours des QPV, 2024 », « OPS 2024, dépôt : ORME HABITAT OPH ». */
export function nameOf(registre: string, cle: string, bailleur?: string | null): string {
  const deposit = /^depot_(\w+)$/.exec(registre);
  if (deposit && bailleur) return `${(deposit[1] ?? '').toUpperCase()} ${cle.split('-')[0] ?? ''}, dépôt : ${bailleur}`;
  if (registre !== 'zones') return `${REGISTERS[registre] ?? registre} ${cle.replaceAll(',', ', ')}`;
  const qpv = /^qpv(\d{4})$/.exec(cle);
  const [layer, year] = qpv ? ['qpv', qpv[1]] : [cle.split('-')[0] ?? cle, cle.split('-')[1]];
  return `${LAYERS[layer] ?? `Zones « ${layer} »`}${year ? `, ${year}` : ''}`;
}

export const KINDS: { registre: string; name: string; needs: 'annee' | 'couche' | 'departements' | '' }[] = [
  { registre: 'rpls', name: 'RPLS', needs: 'annee' },
  { registre: 'ops', name: 'OPS', needs: 'annee' },
  { registre: 'attributions', name: 'Attributions', needs: 'annee' },
  { registre: 'demandes', name: 'Demandes', needs: 'annee' },
  { registre: 'thresholds', name: 'Seuils du premier quartile', needs: '' },
  { registre: 'zones', name: 'Contours ou appartenance', needs: 'couche' },
  { registre: 'addresses', name: 'Adresses (BAN)', needs: 'departements' },
];
export const LAYER_NAMES = Object.entries(LAYERS);

/** « 12,4 Mo ». */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000) return `${formatNumber(bytes)} octets`;
  return bytes < 1_000_000 ? `${formatNumber(Math.round(bytes / 1_000))} ko` : `${formatNumber(Math.round(bytes / 100_000) / 10, 1)} Mo`;
}
