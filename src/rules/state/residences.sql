-- Residences as bailleurs decide them: each operation puts addresses in residences, the last one in force wins. `detail` is JSON: the
-- residences before and after. Flags and notes name a residence by its code, and keep its name of the day.
CREATE TABLE residence_operations (
  id TEXT PRIMARY KEY, rang BIGINT NOT NULL, siren TEXT NOT NULL, genre TEXT NOT NULL, detail TEXT NOT NULL,
  compte TEXT NOT NULL, quand BIGINT NOT NULL, annulee BIGINT
);
CREATE INDEX residence_operations_siren ON residence_operations (siren, rang);
CREATE TABLE residence_adresses (
  operation TEXT NOT NULL REFERENCES residence_operations (id) ON DELETE CASCADE, adresse TEXT NOT NULL, code TEXT NOT NULL,
  libelle TEXT NOT NULL, PRIMARY KEY (operation, adresse)
);
CREATE TABLE signalements (
  id TEXT PRIMARY KEY, siren TEXT NOT NULL, residence TEXT NOT NULL, nom TEXT NOT NULL, commune TEXT NOT NULL, motif TEXT NOT NULL,
  du TEXT NOT NULL, au TEXT NOT NULL, partage BIGINT NOT NULL, compte TEXT NOT NULL, quand BIGINT NOT NULL, leve BIGINT, leve_compte TEXT
);
CREATE INDEX signalements_siren ON signalements (siren, quand);
CREATE TABLE notes_residences (
  id TEXT PRIMARY KEY, siren TEXT NOT NULL, residence TEXT NOT NULL, nom TEXT NOT NULL, technique BIGINT NOT NULL, climat BIGINT NOT NULL,
  attractivite BIGINT NOT NULL, commentaire TEXT NOT NULL, compte TEXT NOT NULL, quand BIGINT NOT NULL
);
CREATE INDEX notes_residences_siren ON notes_residences (siren, residence, quand);
