// The pages of the application: one table of what each is called, where it stands in the menu, who it is for, its code.
import type { Component } from 'svelte';
import type { Session } from './api/client';

export interface Route {
  path: string;
  name: string;
  /** Its place in the menu; without one, it is reached from elsewhere (account, sheet of a zone, another site). */
  group?: 'Occupation' | 'Mixité' | 'Mon parc' | 'Aide';
  /** Roles that it is for; without it, everyone who is signed in; `public` is everyone. */
  roles?: readonly string[] | 'public';
  /** The scale of households whose figures it is made of: where rights close it, the menu leaves the page out. */
  needs?: string;
  /** What is said to an account that it is not for. */
  refusal?: string;
  load: () => Promise<{ default: Component }>;
}

/** Pages made of leases: roles whose `attributions` are open somewhere (`data/access.toml`). */
const LEASES = {
  group: 'Mixité',
  roles: ['bailleur', 'epci', 'commune', 'ddets', 'dreal', 'action_logement'],
  refusal: 'Les attributions sont ouvertes aux bailleurs, aux collectivités, aux services de l’État et à Action Logement, chacun pour ce qui le concerne.',
} as const;
/** Pages of one's own stock. */
const LESSOR = { group: 'Mon parc', roles: ['bailleur'], refusal: 'Ces pages sont celles des bailleurs : chacun y dépose, corrige et signale son propre parc.' } as const;

export const ROUTES: readonly Route[] = [
  { path: '/', name: 'Carte', group: 'Occupation', roles: 'public', load: () => import('./pages/occupation/Occupation.svelte') },
  { path: '/tableaux', name: 'Tableaux', group: 'Occupation', roles: 'public', load: () => import('./pages/tableaux/Tableaux.svelte') },
  { path: '/dossier', name: 'Dossier', group: 'Occupation', roles: 'public', load: () => import('./pages/dossier/Dossier.svelte') },
  { path: '/fichier-adresses', name: 'Un fichier d’adresses', group: 'Occupation', load: () => import('./pages/fichier-adresses/FichierAdresses.svelte') },
  { path: '/mixite', name: 'Objectifs de mixité', ...LEASES, load: () => import('./pages/mixite/Mixite.svelte') },
  { path: '/flux', name: 'Gestion en flux', ...LEASES, refusal: 'La gestion en flux est ouverte aux bailleurs, aux réservataires, aux collectivités et aux services de l’État.', load: () => import('./pages/flux/Flux.svelte') },
  { path: '/cotation', name: 'Cotation et demande', group: 'Mixité', roles: ['bailleur', 'epci', 'commune', 'ddets', 'dreal'], refusal: 'La cotation est ouverte aux intercommunalités, aux communes, aux bailleurs et aux services de l’État.', load: () => import('./pages/cotation/Cotation.svelte') },
  { path: '/controle', name: 'Contrôle avant CALEOL', group: 'Mixité', load: () => import('./pages/controle/PageControle.svelte') },
  { path: '/dalo', name: 'DALO et QPV', ...LEASES, load: () => import('./pages/dalo/Dalo.svelte') },
  { path: '/enjeux', name: 'Résidences à enjeu', group: 'Mixité', needs: 'residence', load: () => import('./pages/enjeux/Enjeux.svelte') },
  { path: '/objectifs', name: 'Objectifs de la CIA', group: 'Mixité', load: () => import('./pages/objectifs/ObjectifsCia.svelte') },
  { path: '/depots', name: 'Dépôts', ...LESSOR, load: () => import('./pages/depots/Depots.svelte') },
  { path: '/adresses', name: 'Adresses à corriger', ...LESSOR, load: () => import('./pages/adresses/Adresses.svelte') },
  { path: '/residences', name: 'Résidences', ...LESSOR, load: () => import('./pages/residences/Residences.svelte') },
  { path: '/evenements', name: 'Événements du parc', ...LESSOR, load: () => import('./pages/evenements/Evenements.svelte') },
  { path: '/ma-demande', name: 'Ma demande', roles: 'public', load: () => import('./pages/ma-demande/MaDemande.svelte') },
  { path: '/aide', name: 'Aide', group: 'Aide', roles: 'public', load: () => import('./pages/aide/Aide.svelte') },
  { path: '/accessibilite', name: 'Accessibilité', roles: 'public', load: () => import('./pages/textes/Textes.svelte') },
  { path: '/mentions-legales', name: 'Mentions légales', roles: 'public', load: () => import('./pages/textes/Textes.svelte') },
  { path: '/donnees-personnelles', name: 'Données personnelles', roles: 'public', load: () => import('./pages/textes/Textes.svelte') },
  { path: '/portrait', name: 'Portrait de territoire', roles: 'public', load: () => import('./pages/portrait/Portrait.svelte') },
  { path: '/organisme', name: 'Mon organisme', load: () => import('./pages/organisme/MonOrganisme.svelte') },
  { path: '/administration', name: 'Administration', roles: ['administrateur'], refusal: 'Ces pages sont réservées à l’administration du service.', load: () => import('./pages/administration/Administration.svelte') },
  { path: '/connexion', name: 'Connexion', roles: 'public', load: () => import('./pages/connexion/Connexion.svelte') },
  { path: '/integre', name: 'Carte intégrée', roles: 'public', load: () => import('./pages/integre/Integre.svelte') },
];

/** The page of an address; none if there is none. */
export const routeOf = (pathname: string): Route | undefined => ROUTES.find((route) => route.path === (pathname.replace(/\/+$/, '') || '/'));

/** Whether a page is proposed to who uses the application; the server decides what it then shows. */
export const mayOpen = (route: Route, me: Session | null): boolean =>
  route.roles === 'public' || (me?.connecte === true && (route.roles === undefined || route.roles.includes(me.role)));

export interface Group { name: string; routes: readonly Route[] }

/** The menu of a person: the groups with a page of theirs, in the order of the table. `closed`: scales that rights close. */
export function menuOf(me: Session | null, closed: readonly string[] = []): Group[] {
  const groups = new Map<string, Route[]>();
  for (const route of ROUTES) {
    if (route.group && mayOpen(route, me) && !(route.needs && closed.includes(route.needs))) groups.set(route.group, [...(groups.get(route.group) ?? []), route]);
  }
  return [...groups].map(([name, routes]) => ({ name, routes }));
}
