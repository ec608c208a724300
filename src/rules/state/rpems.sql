-- Residences à enjeu prioritaire de mixité sociale: one file a residence and bailleur, and everything that was decided of it. Events are
-- only added; `statut`, `debut` and `fin` repeat what the last ones say. Days are YYYY-MM-DD, '' when there is none yet.
CREATE TABLE rpems (
  id TEXT PRIMARY KEY, residence TEXT NOT NULL, nom TEXT NOT NULL, bailleur TEXT NOT NULL, bailleur_nom TEXT NOT NULL,
  commune TEXT NOT NULL, epci TEXT NOT NULL, departement TEXT NOT NULL, statut TEXT NOT NULL, debut TEXT NOT NULL, fin TEXT NOT NULL,
  rang BIGINT NOT NULL, cree BIGINT NOT NULL, UNIQUE (residence, bailleur)
);
CREATE INDEX rpems_epci ON rpems (epci);
CREATE TABLE rpems_evenements (
  dossier TEXT NOT NULL REFERENCES rpems (id), rang BIGINT NOT NULL, quand BIGINT NOT NULL, compte TEXT NOT NULL, auteur TEXT NOT NULL,
  organisme TEXT NOT NULL, decision TEXT NOT NULL, motif TEXT NOT NULL, commentaire TEXT NOT NULL, debut TEXT NOT NULL, fin TEXT NOT NULL,
  PRIMARY KEY (dossier, rang)
);
