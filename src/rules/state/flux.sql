-- Gestion en flux. Conventions and yearly bases keep every version, the highest in force; `contenu` is JSON. An event is known by its
-- lessor's own identifier: sent twice, it is kept once. `rang`: the order in which events of one day came. Bilans are frozen whole.
CREATE TABLE flux_conventions (
  cle TEXT NOT NULL, version BIGINT NOT NULL, contenu TEXT NOT NULL, qui TEXT NOT NULL, cree BIGINT NOT NULL,
  PRIMARY KEY (cle, version)
);
CREATE TABLE flux_assiettes (
  cle TEXT NOT NULL, version BIGINT NOT NULL, contenu TEXT NOT NULL, qui TEXT NOT NULL, cree BIGINT NOT NULL,
  PRIMARY KEY (cle, version)
);
CREATE TABLE flux_droits (
  cle TEXT NOT NULL, version BIGINT NOT NULL, contenu TEXT NOT NULL, qui TEXT NOT NULL, cree BIGINT NOT NULL,
  PRIMARY KEY (cle, version)
);
CREATE TABLE flux_evenements (
  bailleur TEXT NOT NULL, id TEXT NOT NULL, logement TEXT NOT NULL, jour TEXT NOT NULL, rang BIGINT NOT NULL,
  contenu TEXT NOT NULL, qui TEXT NOT NULL, cree BIGINT NOT NULL,
  PRIMARY KEY (bailleur, id)
);
CREATE INDEX flux_evenements_logement ON flux_evenements (bailleur, logement);
CREATE TABLE flux_bilans (
  bailleur TEXT NOT NULL, annee BIGINT NOT NULL, version BIGINT NOT NULL, contenu TEXT NOT NULL, motif TEXT NOT NULL,
  qui TEXT NOT NULL, cree BIGINT NOT NULL,
  PRIMARY KEY (bailleur, annee, version)
);
