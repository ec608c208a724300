// The pages of the application: one table of what each is called, where it stands in the menu, who it is for, its code.
import type { Component } from 'svelte';
import type { Session } from './api/client';

export interface Route {
  path: string;
  name: string;
  /** What it gives, for the site map. */
  says: string;
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
  { path: '/', name: 'Carte', says: 'Qui habite où : chaque indicateur par zone, les zones que vous dessinez, la fiche d’une adresse.', group: 'Occupation', roles: 'public', load: () => import('./pages/occupation/Occupation.svelte') },
  { path: '/tableaux', name: 'Tableaux', says: 'Plusieurs indicateurs pour toutes les zones d’un territoire, à trier et à exporter.', group: 'Occupation', roles: 'public', load: () => import('./pages/tableaux/Tableaux.svelte') },
  { path: '/dossier', name: 'Dossier', says: 'Les cartes et tableaux que vous avez retenus, réunis en un document pour une réunion.', group: 'Occupation', roles: 'public', load: () => import('./pages/dossier/Dossier.svelte') },
  { path: '/fichier-adresses', name: 'Un fichier d’adresses', says: 'Commune, IRIS et quartier prioritaire de chaque adresse d’un fichier.', group: 'Occupation', load: () => import('./pages/fichier-adresses/FichierAdresses.svelte') },
  { path: '/mixite', name: 'Objectifs de mixité', says: 'Baux signés dans l’année, face aux parts que fixe la loi dans les quartiers prioritaires et en dehors.', ...LEASES, load: () => import('./pages/mixite/Mixite.svelte') },
  { path: '/flux', name: 'Gestion en flux', says: 'Droits de réservation : logements dus, proposés et attribués à chaque réservataire.', ...LEASES, refusal: 'La gestion en flux est ouverte aux bailleurs, aux réservataires, aux collectivités et aux services de l’État.', load: () => import('./pages/flux/Flux.svelte') },
  { path: '/cotation', name: 'Cotation et demande', says: 'Grille de cotation, demandes en attente et pression de la demande.', group: 'Mixité', roles: ['bailleur', 'epci', 'commune', 'ddets', 'dreal'], refusal: 'La cotation est ouverte aux intercommunalités, aux communes, aux bailleurs et aux services de l’État.', load: () => import('./pages/cotation/Cotation.svelte') },
  { path: '/controle', name: 'Contrôle avant CALEOL', says: 'Une liste d’attributions confrontée aux règles avant la commission.', group: 'Mixité', load: () => import('./pages/controle/PageControle.svelte') },
  { path: '/dalo', name: 'DALO et QPV', says: 'Ménages DALO relogés en quartier prioritaire : qui doit répondre, pour quand.', ...LEASES, load: () => import('./pages/dalo/Dalo.svelte') },
  { path: '/enjeux', name: 'Résidences à enjeu', says: 'Résidences signalées par leurs bailleurs comme appelant une attention particulière.', group: 'Mixité', needs: 'residence', load: () => import('./pages/enjeux/Enjeux.svelte') },
  { path: '/objectifs', name: 'Objectifs de la CIA', says: 'Objectifs fixés par la convention intercommunale d’attribution, bailleur par bailleur.', group: 'Mixité', load: () => import('./pages/objectifs/ObjectifsCia.svelte') },
  { path: '/depots', name: 'Dépôts', says: 'Déposer un fichier du parc ou de l’enquête, lire son contrôle, l’accepter.', ...LESSOR, load: () => import('./pages/depots/Depots.svelte') },
  { path: '/adresses', name: 'Adresses à corriger', says: 'Placer sur la carte les adresses mal situées.', ...LESSOR, load: () => import('./pages/adresses/Adresses.svelte') },
  { path: '/residences', name: 'Résidences', says: 'Nommer, réunir ou séparer des résidences, et les signaler.', ...LESSOR, load: () => import('./pages/residences/Residences.svelte') },
  { path: '/evenements', name: 'Événements du parc', says: 'Ce qui est arrivé au parc depuis le 1er janvier : ventes, démolitions, mises en service.', ...LESSOR, load: () => import('./pages/evenements/Evenements.svelte') },
  { path: '/ma-demande', name: 'Ma demande', says: 'Pour un demandeur : où en est sa demande de logement.', roles: 'public', load: () => import('./pages/ma-demande/MaDemande.svelte') },
  { path: '/aide', name: 'Aide', says: 'Lire la carte, comprendre le secret statistique, définitions des indicateurs, raccourcis.', group: 'Aide', roles: 'public', load: () => import('./pages/aide/Aide.svelte') },
  { path: '/plan-du-site', name: 'Plan du site', says: 'Toutes les pages, et ce que chacune donne.', roles: 'public', load: () => import('./pages/plan-du-site/PlanDuSite.svelte') },
  { path: '/accessibilite', name: 'Accessibilité', says: 'État de conformité au RGAA, et comment signaler un obstacle.', roles: 'public', load: () => import('./pages/textes/Textes.svelte') },
  { path: '/mentions-legales', name: 'Mentions légales', says: 'Qui publie ce service, et qui l’héberge.', roles: 'public', load: () => import('./pages/textes/Textes.svelte') },
  { path: '/donnees-personnelles', name: 'Données personnelles', says: 'Ce qui est gardé, combien de temps, et vos droits.', roles: 'public', load: () => import('./pages/textes/Textes.svelte') },
  { path: '/portrait', name: 'Portrait de territoire', says: 'Le portrait d’un territoire en deux pages, à imprimer ou à télécharger.', roles: 'public', load: () => import('./pages/portrait/Portrait.svelte') },
  { path: '/organisme', name: 'Mon organisme', says: 'Les comptes de votre organisme, ses conventions, ses clés d’accès.', load: () => import('./pages/organisme/MonOrganisme.svelte') },
  { path: '/administration', name: 'Administration', says: 'Organismes, comptes, fichiers, règles et journal du service.', roles: ['administrateur'], refusal: 'Ces pages sont réservées à l’administration du service.', load: () => import('./pages/administration/Administration.svelte') },
  { path: '/connexion', name: 'Connexion', says: 'Ouvrir une session.', roles: 'public', load: () => import('./pages/connexion/Connexion.svelte') },
  { path: '/integre', name: 'Carte intégrée', says: 'Une carte à afficher dans un autre site.', roles: 'public', load: () => import('./pages/integre/Integre.svelte') },
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

/** Pages that only other pages or other sites lead to. */
const LED_TO: readonly string[] = ['/plan-du-site', '/portrait', '/integre'];

/** Every page that a person may open, as the menu has them, then those that stand in no menu. */
export function siteMap(me: Session | null, closed: readonly string[] = []): Group[] {
  const rest = ROUTES.filter((route) => !route.group && mayOpen(route, me) && !LED_TO.includes(route.path) && !(route.path === '/connexion' && me?.connecte));
  return [...menuOf(me, closed), { name: 'Compte et service', routes: rest }];
}
