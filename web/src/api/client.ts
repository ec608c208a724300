// The client of the HTTP interface: typed from openapi.json (npm run api), one kind of error with a French message.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

type Body<P extends keyof paths> = paths[P] extends { get: { responses: { 200: { content: { 'application/json': infer T } } } } } ? T : never;

export type Catalogue = Body<'/api/catalogue'>;
export type TexteDuService = Body<'/api/textes/{nom}'>;
export type Indicateur = Body<'/api/indicateurs'>[number];
export type Zones = Body<'/api/zones'>;
export type ZoneListee = Zones['zones'][number];
export type Valeurs = Body<'/api/valeurs/{echelle}'>;
export type Facettes = Body<'/api/facettes'>;
export type Territoire = Body<'/api/territoires'>[number];
export type Comparables = Body<'/api/territoires/comparables'>;
export type Mesure = Body<'/api/zones/{echelle}/{code}'>;
export type Chiffre = Mesure['chiffres'][number];
export type Situation = Body<'/api/situation'>;
export type Mixite = Body<'/api/mixite'>;
export type LigneMixite = Mixite['lignes'][number];
export type ScoreMixite = LigneMixite['scores'][number];
export type ListesControle = Body<'/api/attributions/controle'>;
type Controler = paths['/api/attributions/controle']['post'];
export type DemandeControle = NonNullable<Controler['requestBody']>['content']['application/json'];
export type Controle = Controler['responses'][200]['content']['application/json'];
export type VerdictRegle = Controle['regles'][number];
export type Commission = Exclude<paths['/api/attributions/controle/csv']['post']['responses'][200]['content']['application/json'], string>;
export type Objectifs = Body<'/api/objectifs'>;
export type TauxCia = NonNullable<paths['/api/objectifs']['post']['requestBody']>['content']['application/json'];
export type Fragilite = Body<'/api/residences/fragilite'>;
export type ResidenceLue = Fragilite['residences'][number];
export type ListeRpems = Body<'/api/rpems'>;
export type DossierRpems = ListeRpems['dossiers'][number];
export type Segregation = Body<'/api/segregation'>;
export type PlacementsDalo = Body<'/api/dalo/placements'>;
export type Placement = PlacementsDalo['placements'][number];
export type PlanPropose = NonNullable<paths['/api/plan']['post']['responses'][200]>['content']['application/json'];
export type TileJson = Body<'/tiles/{couche}.json'>;
export type AvisEnvoyes = Body<'/api/admin/avis'>;
export type Session = Body<'/api/session'>;
export type MonOrganisme = Body<'/api/organisation'>;
export type Jeton = Body<'/api/jetons'>[number];
export type Organisme = Body<'/api/admin/organisations'>[number];
export type Convention = Body<'/api/admin/conventions'>[number];
export type Compte = Body<'/api/admin/comptes'>[number];
export type Reglages = Body<'/api/admin/reglages'>;
export type ParametreReglage = Reglages['parametres'][number];
export type ChangementReglage = Reglages['changements'][number];
export type Sauvegardes = Body<'/api/admin/sauvegardes'>;
export type ImportsFaits = Body<'/api/admin/imports'>;
export type FichierEnAttente = Body<'/api/admin/imports/fichiers'>[number];
export type NatureFichier = components['schemas']['NatureFichier'];
export type LigneJournal = Body<'/api/admin/audit'>['lignes'][number];
export type Depot = Body<'/api/depots'>[number];
export type DetailDepot = Body<'/api/depots/{id}'>;
export type RegleDepot = DetailDepot['regles'][number];
export type ComparaisonDepot = NonNullable<DetailDepot['comparaison']>;
export type LignesDepot = Body<'/api/depots/{id}/lignes'>;
export type ListeAdresses = Body<'/api/adresses'>;
export type AdresseACorriger = ListeAdresses['adresses'][number];
export type Candidat = Body<'/api/adresses/{id}/candidats'>['candidats'][number];
export type Consequences = Body<'/api/adresses/{id}/consequences'>;
export type CorrectionAdresse = Body<'/api/adresses/corrections'>[number];
export type LogementAdresse = Body<'/api/adresses/{id}/candidats'>['logements'][number];
export type LogementRevendique = Body<'/api/depots/revendications'>[number];
export type ImportObjectifs = components['schemas']['ImportObjectifs'];
export type ListeEvenements = Body<'/api/evenements'>;
export type EvenementSuivi = ListeEvenements['evenements'][number];
export type SuiviFlux = Body<'/api/flux/suivi'>;
export type CalculFlux = Body<'/api/flux/calcul'>;
export type LogementsFlux = Body<'/api/flux/logements'>;
export type EquiteFlux = Body<'/api/flux/equite'>;
export type BilanFlux = Body<'/api/flux/bilan'>;
export type CarteFlux = Body<'/api/flux/carte'>;
export type FicheCommune = Body<'/api/flux/fiche'>;
export type EtatFlux = Body<'/api/flux/etat'>;
export type ActionLogementFlux = Body<'/api/flux/action-logement'>;
export type ConventionsFlux = Body<'/api/flux/conventions'>;
export type GrillesCotation = Body<'/api/cotation/grilles'>;
export type GrilleListee = GrillesCotation['grilles'][number];
export type CritereCatalogue = GrillesCotation['criteres'][number];
export type Grille = components['schemas']['Grille'];
export type SimulationCotation = components['schemas']['Simulation'];
export type MaDemande = components['schemas']['MaDemande'];
export type Justificatifs = Body<'/api/cotation/demandes/{reference}/justificatifs'>;
export type DemandesCotees = Body<'/api/cotation/demandes'>;
export type DemandeCotee = DemandesCotees['demandes'][number];
export type LogementsLibres = Body<'/api/cotation/logements'>;
export type Candidats = Body<'/api/cotation/candidats'>;
export type PressionDemande = Body<'/api/cotation/pression'>;
export type TrajetsDemande = Body<'/api/cotation/trajets'>;
export type Parc = Body<'/api/parc'>;
export type ListeResidences = Body<'/api/residences'>;
export type ResidenceBailleur = ListeResidences['residences'][number];
export type Avancement = components['schemas']['Avancement'];
export type Travaux = components['schemas']['Travaux'];
export type Ensemble = Body<'/api/ensembles'>[number];
export type ZoneGardee = Body<'/api/ensembles/{id}'>['zones'][number];
export type Affichage = Body<'/api/affichage'>;
export type DemandeMesure = NonNullable<paths['/api/mesure']['post']['requestBody']>['content']['application/json'];
export type Mesures = paths['/api/mesure']['post']['responses'][200]['content']['application/json'];
/** What is read of a problem document (RFC 9457). */
type Probleme = { title?: string; detail?: string; champ?: string | null; valeur?: string | null };

/** Something went wrong on the way; `message` can be shown as it is. */
export class ApiError extends Error {
  readonly status: number;
  /** Where the fault is, and what stands there: of a file, its line and column. */
  readonly place: string | null;
  constructor(message: string, status: number, problem: Probleme | null = null) {
    super(message);
    this.status = status;
    this.place = [problem?.champ, problem?.valeur && `« ${problem.valeur} »`].filter(Boolean).join(' : ') || null;
  }
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? '' });

/** The second secret of the session (`x-csrf-token`), known once `/api/session` has answered. */
let csrf: Promise<string | null> = Promise.resolve(null);
export function keepCsrf(secret: Promise<string | null>): void {
  csrf = secret.catch(() => null);
}
/** Told of every answer that refuses: the session may have ended. */
let refused: () => void = () => undefined;
export function onRefusal(tell: () => void): void {
  refused = tell;
}
api.use({
  onResponse({ response }) {
    if (response.status === 401 || response.status === 403) refused();
  },
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
  // Without content (201, 202, 204) there is nothing to give, and nothing is wrong.
  if (answer.data !== undefined || (answer.response.ok && answer.error === undefined)) return answer.data as T;
  const problem = typeof answer.error === 'object' ? (answer.error as Probleme | null) : null;
  throw new ApiError(problem?.detail ?? problem?.title ?? `Le serveur a répondu par une erreur ${answer.response.status}.`, answer.response.status, problem);
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** A file, or its text, as the body of a request. */
export const fileBody = (file: File | string, type = 'text/csv') => ({ body: file as never, bodySerializer: (body: unknown) => body as BodyInit, headers: { 'content-type': type } });

/** What to tell a user about a file that was refused: the place, then the fault. */
export const faultOf = (error: unknown): string => (error instanceof ApiError && error.place ? `${error.place} : ${error.message}` : messageOf(error));

/** What to tell a user about any failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : 'Une erreur inattendue est survenue. Rechargez la page.';
}
