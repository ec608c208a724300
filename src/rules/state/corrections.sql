-- Corrections of addresses by bailleurs (domain §8.4): `avant` and `apres` are JSON places. `remplace`: the correction that this one took
-- the place of, in force again if this one is undone. `lot`: corrections accepted together.
CREATE TABLE corrections (
  id TEXT PRIMARY KEY, siren TEXT NOT NULL, adresse TEXT NOT NULL, ident_rep TEXT NOT NULL, des BIGINT NOT NULL,
  avant TEXT NOT NULL, apres TEXT NOT NULL, methode TEXT NOT NULL, statut TEXT NOT NULL, commentaire TEXT NOT NULL,
  logements BIGINT NOT NULL, lot TEXT NOT NULL, remplace TEXT NOT NULL, compte TEXT NOT NULL, quand BIGINT NOT NULL,
  fin BIGINT, fin_compte TEXT
);
CREATE INDEX corrections_siren ON corrections (siren, quand);
