// The client of the HTTP interface: typed from openapi.json (npm run api), one kind of error with a French message.
import createClient from 'openapi-fetch';
import type { paths } from './schema';

type Body<P extends keyof paths> = paths[P] extends { get: { responses: { 200: { content: { 'application/json': infer T } } } } } ? T : never;

export type Catalogue = Body<'/api/catalogue'>;
export type Indicateur = Body<'/api/indicateurs'>[number];
export type Zones = Body<'/api/zones'>;
export type ZoneListee = Zones['zones'][number];
export type Valeurs = Body<'/api/valeurs/{echelle}'>;
export type Facettes = Body<'/api/facettes'>;
export type Territoire = Body<'/api/territoires'>[number];
export type Mesure = Body<'/api/zones/{echelle}/{code}'>;
export type Chiffre = Mesure['chiffres'][number];
export type Situation = Body<'/api/situation'>;
export type Mixite = Body<'/api/mixite'>;
export type LigneMixite = Mixite['lignes'][number];
export type ScoreMixite = LigneMixite['scores'][number];
export type TileJson = Body<'/tiles/{couche}.json'>;
export type Session = Body<'/api/session'>;
export type MonOrganisme = Body<'/api/organisation'>;
export type Jeton = Body<'/api/jetons'>[number];
export type Organisme = Body<'/api/admin/organisations'>[number];
export type Convention = Body<'/api/admin/conventions'>[number];
export type Compte = Body<'/api/admin/comptes'>[number];
export type LigneJournal = Body<'/api/admin/audit'>['lignes'][number];
export type DemandeMesure = NonNullable<paths['/api/mesure']['post']['requestBody']>['content']['application/json'];
/** What is read of a problem document (RFC 9457). */
type Probleme = { title?: string; detail?: string };

/** Something went wrong on the way; `message` can be shown as it is. */
export class ApiError extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? '' });

/** The second secret of the session (`x-csrf-token`), known once `/api/session` has answered. */
let csrf: Promise<string | null> = Promise.resolve(null);
export function keepCsrf(secret: Promise<string | null>): void {
  csrf = secret.catch(() => null);
}
api.use({
  async onRequest({ request }) {
    // Signing in has no session yet.
    if (request.method === 'GET' || (request.method === 'POST' && request.url.endsWith('/api/session'))) return;
    const secret = await csrf;
    if (secret) request.headers.set('x-csrf-token', secret);
  },
});

/** The answer's data, or an `ApiError` with the problem's `detail`. */
export async function read<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer;
  try {
    answer = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('Le serveur ne répond pas. Vérifiez qu’il est démarré et que le réseau fonctionne, puis réessayez.', 0);
  }
  if (answer.data !== undefined || answer.response.status === 204) return answer.data as T;
  const problem = typeof answer.error === 'object' ? (answer.error as Probleme | null) : null;
  throw new ApiError(problem?.detail ?? problem?.title ?? `Le serveur a répondu par une erreur ${answer.response.status}.`, answer.response.status);
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** What to tell a user about any failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : 'Une erreur inattendue est survenue. Rechargez la page.';
}
