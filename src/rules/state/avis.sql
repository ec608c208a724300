-- Mail notices: what an organisation was told of already, what waits to be sent, and who wants none. A mail holds a count and the
-- address of a page; where it goes is the address of the account on the day that it leaves.
CREATE TABLE avis_dits (organisation TEXT NOT NULL, objet TEXT NOT NULL, quand BIGINT NOT NULL, PRIMARY KEY (organisation, objet));
CREATE TABLE courriels (
  id TEXT PRIMARY KEY, compte TEXT NOT NULL REFERENCES comptes (id), sujet TEXT NOT NULL, nombre BIGINT NOT NULL, cree BIGINT NOT NULL,
  essais BIGINT NOT NULL, prochain BIGINT NOT NULL, statut TEXT NOT NULL, erreur TEXT NOT NULL, fin BIGINT
);
CREATE INDEX courriels_statut ON courriels (statut, prochain);
ALTER TABLE comptes ADD COLUMN avis BIGINT NOT NULL DEFAULT 1;
-- Views that a person keeps by a name: the address of a page with its choices, no figure.
CREATE TABLE vues (
  compte TEXT NOT NULL REFERENCES comptes (id), nom TEXT NOT NULL, adresse TEXT NOT NULL, jour TEXT NOT NULL, quand BIGINT NOT NULL,
  PRIMARY KEY (compte, nom)
);
