-- Rates that conventions intercommunales d'attribution set. Empty text: all communes, bailleurs, réservataires; `au` 0: no end;
-- `taux`: hundredths of a percent; `approbation`: day of the prefect's approval of a rate below the law's.
CREATE TABLE objectifs (
  id TEXT PRIMARY KEY, regle TEXT NOT NULL, epci TEXT NOT NULL, commune TEXT NOT NULL, bailleur TEXT NOT NULL,
  reservataire TEXT NOT NULL, du BIGINT NOT NULL, au BIGINT NOT NULL, taux BIGINT NOT NULL, cia TEXT NOT NULL,
  signee TEXT NOT NULL, approbation TEXT NOT NULL, cree BIGINT NOT NULL,
  UNIQUE (regle, epci, commune, bailleur, reservataire, du, signee)
);
CREATE INDEX objectifs_epci ON objectifs (epci);
