-- Deposits of bailleurs and what was done with each. `rapport`, `comparaison` and `corrections` are JSON; empty until there are any.
CREATE TABLE depots (
  id TEXT PRIMARY KEY, registre TEXT NOT NULL, annee BIGINT NOT NULL, siren TEXT NOT NULL, fichier TEXT NOT NULL,
  octets BIGINT NOT NULL, empreinte TEXT NOT NULL, statut TEXT NOT NULL, motif TEXT NOT NULL, rapport TEXT NOT NULL,
  comparaison TEXT NOT NULL, corrections TEXT NOT NULL, cree BIGINT NOT NULL
);
CREATE INDEX depots_siren ON depots (siren, cree);
CREATE TABLE depot_gestes (
  depot TEXT NOT NULL REFERENCES depots (id) ON DELETE CASCADE, rang BIGINT NOT NULL, quand BIGINT NOT NULL,
  compte TEXT NOT NULL, geste TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (depot, rang)
);
