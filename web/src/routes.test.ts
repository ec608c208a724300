import { expect, it } from 'vitest';
import type { Session } from './api/client';
import { mayOpen, menuOf, routeOf, ROUTES, siteMap } from './routes';

const as = (role: string): Session => ({ connecte: role !== 'public', nom: '', courriel: '', role: role as Session['role'], role_libelle: '', organisme: '', gestionnaire: false, administrateur: role === 'administrateur', doit_changer: false });
const pathsOf = (role: string): string[] => menuOf(as(role)).flatMap((group) => group.routes.map((route) => route.path));

it('an address has its page, whatever the slash at its end; another has none', () => {
  expect(['/', '', '/mixite', '/mixite/', '/mixitee', '/mixite/plus'].map((path) => routeOf(path)?.path)).toEqual(['/', '/', '/mixite', '/mixite', undefined, undefined]);
});

it('the public has what needs no account', () => expect(pathsOf('public')).toEqual(['/', '/tableaux', '/dossier', '/aide']));

it('the lessor has its own stock, others have not', () => {
  for (const path of ['/depots', '/adresses', '/residences', '/evenements']) {
    expect(pathsOf('bailleur')).toContain(path);
    expect(pathsOf('epci')).not.toContain(path);
  }
});

it('leases are not proposed to who may see none, nor residences to whom they are closed', () => {
  expect(pathsOf('agence')).not.toContain('/mixite');
  expect(pathsOf('action_logement')).toContain('/mixite');
  const paths = (closed: string[]): string[] => menuOf(as('epci'), closed).flatMap((group) => group.routes.map((route) => route.path));
  expect(paths([])).toContain('/enjeux');
  expect(paths(['residence'])).not.toContain('/enjeux');
});

it('whoever is refused a page is told why', () => {
  for (const route of ROUTES) {
    if (Array.isArray(route.roles)) expect([route.path, route.refusal?.endsWith('.')]).toEqual([route.path, true]);
  }
  expect(ROUTES.filter((route) => mayOpen(route, as('administrateur'))).map((route) => route.path)).toContain('/administration');
});

it('paths are written once', () => expect(new Set(ROUTES.map((route) => route.path)).size).toBe(ROUTES.length));

it('the site map says what each page gives, once, and none that is closed to the account', () => {
  for (const role of ['public', 'epci', 'bailleur', 'ddets', 'administrateur']) {
    const listed = siteMap(as(role)).flatMap((group) => group.routes);
    expect(new Set(listed.map((route) => route.path)).size).toBe(listed.length);
    for (const route of listed) {
      expect(mayOpen(route, as(role))).toBe(true);
      expect(route.says).toMatch(/^[A-ZÉÀ].{10,110}\.$/);
    }
    expect(listed.some((route) => route.path === '/connexion')).toBe(role === 'public');
  }
});
