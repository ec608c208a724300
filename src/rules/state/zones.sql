-- Sets of zones that people keep: who may see them, what they were drawn on. `zones`: JSON list of {nom, geometrie | codes}.
-- Who erases a set may restore it until `mosaique maintenance` drops it.
CREATE TABLE ensembles (
  id TEXT PRIMARY KEY, nom TEXT NOT NULL, organisation TEXT NOT NULL REFERENCES organisations (id),
  auteur TEXT NOT NULL REFERENCES comptes (id), visibilite TEXT NOT NULL, millesime BIGINT NOT NULL, vague BIGINT,
  n BIGINT NOT NULL, zones TEXT NOT NULL, version BIGINT NOT NULL, cree BIGINT NOT NULL, modifie BIGINT NOT NULL, efface BIGINT
);
CREATE INDEX ensembles_organisation ON ensembles (organisation);
