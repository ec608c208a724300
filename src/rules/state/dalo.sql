-- DALO placements in QPV: when each was first seen here, when an organisation last looked, and what was said of a placement (only added).
-- A placement is named by a keyed hash; nothing here tells who the household is.
CREATE TABLE dalo_placements (placement TEXT PRIMARY KEY, vu BIGINT NOT NULL);
CREATE TABLE dalo_visites (organisation TEXT PRIMARY KEY REFERENCES organisations (id), quand BIGINT NOT NULL);
CREATE TABLE dalo_paroles (
  placement TEXT NOT NULL, rang BIGINT NOT NULL, quand BIGINT NOT NULL, compte TEXT NOT NULL, auteur TEXT NOT NULL,
  organisme TEXT NOT NULL, statut TEXT NOT NULL, motif TEXT NOT NULL, commentaire TEXT NOT NULL, PRIMARY KEY (placement, rang)
);
