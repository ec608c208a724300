// The pages of the application, grouped by what one comes to do, and who they are for.
import type { Session } from '../api/client';

export interface Page {
  href: string;
  name: string;
  /** Roles that it is for; without it, everyone who is signed in; `public` is everyone. */
  roles?: readonly string[] | 'public';
}
export interface Group { name: string; pages: readonly Page[] }

export const GROUPS: readonly Group[] = [
  { name: 'Occupation', pages: [{ href: '/', name: 'Occupation', roles: 'public' }] },
  {
    name: 'Mixité',
    pages: [
      { href: '/mixite', name: 'Objectifs de mixité' },
      { href: '/controle', name: 'Contrôle avant CALEOL' },
      { href: '/dalo', name: 'DALO et QPV' },
      { href: '/enjeux', name: 'Résidences à enjeu' },
      { href: '/objectifs', name: 'Objectifs de la CIA' },
    ],
  },
  {
    name: 'Mon parc',
    pages: [
      { href: '/depots', name: 'Dépôts', roles: ['bailleur'] },
      { href: '/adresses', name: 'Adresses à corriger', roles: ['bailleur'] },
      { href: '/residences', name: 'Résidences', roles: ['bailleur'] },
      { href: '/evenements', name: 'Événements du parc', roles: ['bailleur'] },
    ],
  },
  { name: 'Aide', pages: [{ href: '/aide', name: 'Aide', roles: 'public' }] },
];

/** Whether a page is proposed to who uses the page; the server decides what it then shows. */
export const mayOpen = (page: Page, me: Session | null): boolean =>
  page.roles === 'public' || (me?.connecte === true && (page.roles === undefined || page.roles.includes(me.role)));
