-- Grids of cotation. `statut`: brouillon or adoptee; an adopted one never changes. `version` 0 and `visible` empty: a draft.
CREATE TABLE grilles (
  id TEXT PRIMARY KEY, epci TEXT NOT NULL, genre TEXT NOT NULL, statut TEXT NOT NULL, version BIGINT NOT NULL,
  visible TEXT NOT NULL, grille TEXT NOT NULL, auteur TEXT NOT NULL, cree BIGINT NOT NULL, modifie BIGINT NOT NULL,
  adoptee BIGINT NOT NULL
);
CREATE INDEX grilles_epci ON grilles (epci, genre);
