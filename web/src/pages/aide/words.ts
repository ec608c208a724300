// Words of the field and keys of the page, as the help shows them.
export const GLOSSARY: [string, string][] = [
  ['ANCT', 'Agence nationale de la cohésion des territoires : publie les contours des quartiers prioritaires.'],
  ['Bailleur', 'Organisme qui possède et gère des logements sociaux (OPH, ESH, SEM…).'],
  ['CALEOL', 'Commission d’attribution des logements et d’examen de l’occupation des logements.'],
  ['CIA', 'Convention intercommunale d’attribution : fixe, avec la CIL, les objectifs d’attribution d’une intercommunalité.'],
  ['CUS', 'Convention d’utilité sociale d’un bailleur.'],
  ['DALO', 'Droit au logement opposable : ménages reconnus prioritaires et à loger d’urgence par la commission de médiation.'],
  ['Emménagés récents', 'Ménages dont le bail a été signé dans les deux ans qui précèdent l’enquête.'],
  ['EPCI', 'Établissement public de coopération intercommunale : métropole, communauté urbaine, d’agglomération ou de communes.'],
  ['IRIS', 'Découpage de l’Insee en quartiers d’environ 2 000 habitants.'],
  ['Millésime', 'Photographie du parc social au 1er janvier d’une année (RPLS).'],
  ['OPS', 'Enquête sur l’occupation du parc social, menée par les bailleurs tous les deux ans.'],
  ['Plafonds PLUS', 'Plafonds de ressources pour entrer dans un logement PLUS, selon la zone et la composition du ménage.'],
  ['PLAI, PLUS, PLS, PLI', 'Financements des logements, du plus social (PLAI) à l’intermédiaire (PLI).'],
  ['QPV', 'Quartier prioritaire de la politique de la ville ; deux générations de contours, 2015 et 2024.'],
  ['Résidence', 'Groupe d’immeubles gérés ensemble : donné par le bailleur ou, à défaut, reconstitué par proximité, année et financement.'],
  ['RFR', 'Revenu fiscal de référence.'],
  ['RPLS', 'Répertoire des logements locatifs des bailleurs sociaux, tenu par le service statistique du ministère du logement (SDES).'],
  ['Unité de consommation', 'Poids qui rend comparables les ressources de ménages de tailles différentes : 1, puis 0,5 par personne de 14 ans ou plus, 0,3 par enfant.'],
  ['Vague', 'Une campagne de l’enquête OPS.'],
];

export const KEYS: [string[], string][] = [
  [['Tab', 'Maj + Tab'], 'Aller au champ ou au bouton suivant, précédent'],
  [['←', '→', '↑', '↓'], 'Déplacer la carte, quand elle a le focus'],
  [['+', '−'], 'Zoomer, dézoomer, quand la carte a le focus'],
  [['P'], 'Présenter en plein écran ; de nouveau pour en sortir'],
  [['Échap'], 'Ranger l’outil de dessin, fermer la fiche, quitter la présentation'],
  [['Ctrl + Z'], 'Annuler le dernier tracé'],
  [['Ctrl + Maj + Z'], 'Rétablir'],
  [['Entrée', 'Espace'], 'Activer le bouton ou le lien'],
];

export const BADGES: [string, string][] = [
  ['A', 'au moins 70 % de réponses'],
  ['B', 'de 50 à 70 %'],
  ['C', 'de 30 à 50 % : à lire avec prudence'],
  ['D', 'moins de 30 % : ordre de grandeur'],
];
