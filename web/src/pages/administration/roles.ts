// Roles as they are chosen, and what their code is (`data/access.toml`).
import type { Organisme } from '../../api/client';

type Role = Organisme['role'];
export const ROLES: readonly { id: Role; name: string; code: string }[] = [
  { id: 'bailleur', name: 'Bailleur', code: 'SIREN, 9 chiffres' },
  { id: 'epci', name: 'EPCI', code: 'SIREN de l’EPCI, 9 chiffres' },
  { id: 'commune', name: 'Commune', code: 'Code Insee, 5 caractères' },
  { id: 'ddets', name: 'DDETS ou DDT', code: 'Département' },
  { id: 'dreal', name: 'DREAL', code: 'Région (code Insee)' },
  { id: 'action_logement', name: 'Action Logement', code: '' },
  { id: 'agence', name: 'Agence d’urbanisme', code: 'SIREN, facultatif' },
  { id: 'administrateur', name: 'Administration du service', code: '' },
];
export const roleName = (id: string): string => ROLES.find((r) => r.id === id)?.name ?? id;
