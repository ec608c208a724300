-- Events that were told by mistake stay and count no more (`retire`); undone, they count again. `rev`: the revision that an event was last
-- changed in, so that what is kept in memory is brought up to date dwelling by dwelling. One row holds the last revision.
ALTER TABLE flux_evenements ADD COLUMN retire BIGINT NOT NULL DEFAULT 0;
ALTER TABLE flux_evenements ADD COLUMN rev BIGINT NOT NULL DEFAULT 0;
CREATE INDEX flux_evenements_rev ON flux_evenements (rev);
CREATE INDEX flux_evenements_rang ON flux_evenements (bailleur, rang);
CREATE INDEX flux_evenements_ordre ON flux_evenements (bailleur, logement, jour, rang);
DROP INDEX flux_evenements_logement;
CREATE TABLE flux_revision (seule BIGINT PRIMARY KEY, n BIGINT NOT NULL);
INSERT INTO flux_revision (seule, n) VALUES (1, 1);
