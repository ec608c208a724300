// What the lines of the audit trail are called, by what they are about; the trail itself keeps the program's words.

export const SUBJECTS: { name: string; actions: Record<string, string> }[] = [
  { name: 'Comptes et droits', actions: {
    connexion: 'Connexion', connexion_refusee: 'Connexion refusée', deconnexion: 'Déconnexion', refus: 'Accès refusé', mot_de_passe: 'Mot de passe changé', mot_de_passe_remis: 'Mot de passe remis',
    jeton_cree: 'Jeton créé', jeton_revoque: 'Jeton révoqué', compte_cree: 'Compte créé', compte_modifie: 'Compte modifié', organisme_cree: 'Organisme créé', organisme_modifie: 'Organisme modifié',
    avis_choisis: 'Avis par courriel choisis', convention_creee: 'Convention créée', convention_modifiee: 'Convention modifiée',
  } },
  { name: 'Chiffres lus', actions: {
    carte: 'Carte', mesure: 'Mesure d’une zone', entites: 'Liste de zones', export: 'Export', portrait: 'Portrait sur papier', mixite: 'Objectifs de mixité', fragilite: 'Résidences à enjeu', segregation: 'Ségrégation', dalo: 'DALO et QPV',
    plan: 'Plan d’attributions', controle: 'Contrôle d’un dossier', controle_commission: 'Contrôle d’une commission', rpems: 'Liste des RPEMS',
  } },
  { name: 'Décisions', actions: {
    dalo_justifier: 'Placement DALO justifié', dalo_contester: 'Placement DALO contesté', dalo_commentaires_effaces: 'Commentaires DALO effacés', rpems_proposer: 'RPEMS proposée', rpems_decider: 'RPEMS décidée',
    objectif_fixe: 'Objectif de CIA fixé', objectif_modifie: 'Objectif de CIA modifié', objectifs_importes: 'Objectifs de CIA importés',
  } },
  { name: 'Cotation et demande', actions: {
    grilles: 'Grilles de cotation', grille_ajoutee: 'Grille écrite', grille_modifiee: 'Grille modifiée', grille_importee: 'Grille importée', grille_adoptee: 'Grille adoptée', grille_effacee: 'Grille effacée', grille_csv: 'Grille en CSV',
    cotation_demandes: 'Demandes notées', cotation_demandes_csv: 'Demandes notées en CSV', cotation_candidats: 'Candidats d’un logement', cotation_logements: 'Logements libres', cotation_simulation: 'Simulation de grille', cotation_pression: 'Pression de la demande', cotation_trajets: 'Origine des demandes',
  } },
  { name: 'Gestion en flux', actions: {
    flux_suivi: 'Suivi du flux', flux_fiche: 'Fiche de commune', flux_calcul: 'Calcul de l’année', flux_logements: 'Logements en cours', flux_logement: 'Vie d’un logement', flux_etat: 'Part de l’État', flux_action_logement: 'Objectifs d’Action Logement',
    flux_equite: 'Équité des propositions', flux_bilan: 'Bilan', flux_bilan_arrete: 'Bilan arrêté', flux_enregistre: 'Convention, droit ou assiette enregistrés', flux_importe: 'Conventions, droits ou assiettes importés',
    flux_evenement: 'Événement de flux', flux_evenements_importes: 'Événements de flux importés', flux_evenement_retire: 'Événement de flux retiré', flux_evenement_retabli: 'Événement de flux rétabli',
  } },
  { name: 'Parc du bailleur', actions: {
    depot: 'Dépôt reçu', depot_controle: 'Dépôt contrôlé', depot_corrige: 'Dépôt corrigé', depot_accepte: 'Dépôt accepté', depot_retire: 'Dépôt retiré', depot_expire: 'Dépôt expiré', quarantaine_effacee: 'Quarantaine effacée',
    adresse_corrigee: 'Adresse corrigée', adresse_correction_annulee: 'Correction d’adresse annulée', residence: 'Résidence changée', residence_annulee: 'Changement de résidence annulé', residence_notee: 'Résidence notée',
    signalement: 'Résidence signalée', signalement_leve: 'Signalement levé', signalement_remis: 'Signalement remis', evenement: 'Événement du parc', evenement_annule: 'Événement du parc annulé', evenements_importes: 'Événements du parc importés',
  } },
  { name: 'Service', actions: {
    import: 'Import', import_oublie: 'Import oublié', import_remis: 'Import remis', import_retire: 'Import retiré', fichier_recu: 'Fichier reçu', fichier_precise: 'Fichier précisé', fichier_ecarte: 'Fichier écarté',
    reglage_change: 'Paramètre changé', reglage_essai: 'Changement de paramètre essayé', reglage_rendu: 'Paramètre rendu au programme', ensemble_cree: 'Ensemble de zones gardé', ensemble_modifie: 'Ensemble modifié',
    ensemble_efface: 'Ensemble effacé', ensemble_restaure: 'Ensemble restauré', lecture_journal: 'Journal lu', sauvegarde: 'Sauvegarde', sauvegarde_demandee: 'Sauvegarde demandée', sauvegarde_relue: 'Sauvegarde relue', sauvegarde_supprimee: 'Sauvegarde supprimée', maintenance: 'Maintenance',
  } },
];

const NAMES = new Map(SUBJECTS.flatMap(({ actions }) => Object.entries(actions)));

/** What an action is called; the program's own word if it is not known here. */
export const actionName = (id: string): string => NAMES.get(id) ?? id;

/** The kind of territory whose code an action has for its object. */
const PLACES: Record<string, 'epci' | 'commune'> = { fragilite: 'epci', rpems: 'epci', plan: 'epci', cotation_demandes: 'epci', cotation_demandes_csv: 'epci', cotation_simulation: 'epci', flux_fiche: 'commune' };

/** `epci:200099018`, where the object of a line is a territory. */
export const placeOf = (action: string, object: string): string | null => (PLACES[action] && /^\d[0-9AB]\d{3,7}$/.test(object) ? `${PLACES[action]}:${object}` : null);

/** Parameters of a line, those inside others too: « millesime : 2024 · population : TOUS ». */
export function details(text: string): [string, string][] {
  const flat = (value: Record<string, unknown>): [string, string][] =>
    Object.entries(value).flatMap(([k, v]): [string, string][] => {
      if (v === null || v === '' || (typeof v === 'object' && Object.keys(v).length === 0)) return [];
      if (typeof v === 'object' && !Array.isArray(v)) return flat(v as Record<string, unknown>);
      return [[k, Array.isArray(v) ? v.map((x) => (typeof x === 'object' ? JSON.stringify(x) : String(x))).join(', ') : String(v)]];
    });
  return flat(JSON.parse(text) as Record<string, unknown>);
}
