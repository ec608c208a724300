// What is said of secrecy wherever figures of households leave the screen.
export const SECRECY = 'Secret statistique : aucun chiffre n’est donné sous onze ménages, ni ne peut être retrouvé par différence ; un chiffre secret n’est pas un zéro.';
