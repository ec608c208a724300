-- What happened to the stock of a bailleur since the last register.
-- `lot`: events imported together. `logements_ids`: national numbers, JSON list, empty when not known.
CREATE TABLE evenements (
  id TEXT PRIMARY KEY, siren TEXT NOT NULL, genre TEXT NOT NULL, date TEXT NOT NULL, commune TEXT NOT NULL, adresse TEXT NOT NULL,
  qpv TEXT NOT NULL, logements BIGINT NOT NULL, logements_ids TEXT NOT NULL, autre TEXT NOT NULL, commentaire TEXT NOT NULL,
  lot TEXT NOT NULL, compte TEXT NOT NULL, quand BIGINT NOT NULL, annule BIGINT, annule_compte TEXT
);
CREATE INDEX evenements_siren ON evenements (siren, date);
