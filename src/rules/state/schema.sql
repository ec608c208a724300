-- Accounts, conventions and the audit trail. One text for SQLite and PostgreSQL: identifiers are random text, times are seconds
-- since 1970 (milliseconds in the trail), days are YYYY-MM-DD, lists are JSON text.
CREATE TABLE organisations (
  id TEXT PRIMARY KEY, nom TEXT NOT NULL, role TEXT NOT NULL, code TEXT NOT NULL, cree BIGINT NOT NULL, ferme BIGINT,
  UNIQUE (role, code, nom)
);
CREATE TABLE conventions (
  id TEXT PRIMARY KEY, titre TEXT NOT NULL, territoire TEXT NOT NULL, classes TEXT NOT NULL, donnees TEXT NOT NULL,
  du TEXT NOT NULL, au TEXT NOT NULL, cree BIGINT NOT NULL
);
CREATE TABLE convention_parties (
  convention TEXT NOT NULL REFERENCES conventions (id) ON DELETE CASCADE,
  organisation TEXT NOT NULL REFERENCES organisations (id) ON DELETE CASCADE,
  PRIMARY KEY (convention, organisation)
);
CREATE INDEX convention_parties_organisation ON convention_parties (organisation);
CREATE TABLE comptes (
  id TEXT PRIMARY KEY, courriel TEXT NOT NULL UNIQUE, nom TEXT NOT NULL,
  organisation TEXT NOT NULL REFERENCES organisations (id), gestionnaire BIGINT NOT NULL,
  mot_de_passe TEXT, provisoire BIGINT NOT NULL, sujet TEXT UNIQUE, cree BIGINT NOT NULL, vu BIGINT, ferme BIGINT
);
CREATE INDEX comptes_organisation ON comptes (organisation);
CREATE TABLE sessions (
  empreinte TEXT PRIMARY KEY, compte TEXT NOT NULL REFERENCES comptes (id) ON DELETE CASCADE, csrf TEXT NOT NULL,
  cree BIGINT NOT NULL, vue BIGINT NOT NULL, expire BIGINT NOT NULL
);
CREATE INDEX sessions_compte ON sessions (compte);
CREATE TABLE jetons (
  id TEXT PRIMARY KEY, compte TEXT NOT NULL REFERENCES comptes (id) ON DELETE CASCADE, nom TEXT NOT NULL,
  empreinte TEXT NOT NULL UNIQUE, ecriture BIGINT NOT NULL, cree BIGINT NOT NULL, expire BIGINT NOT NULL, vu BIGINT, revoque BIGINT
);
CREATE INDEX jetons_compte ON jetons (compte);
CREATE TABLE tentatives (cle TEXT PRIMARY KEY, n BIGINT NOT NULL, debut BIGINT NOT NULL);
CREATE TABLE connexions (
  etat TEXT PRIMARY KEY, nonce TEXT NOT NULL, verificateur TEXT NOT NULL, expire BIGINT NOT NULL
);
CREATE TABLE cles (nom TEXT PRIMARY KEY, valeur TEXT NOT NULL);
CREATE TABLE audit (
  rang BIGINT PRIMARY KEY, quand BIGINT NOT NULL, compte TEXT NOT NULL, organisation TEXT NOT NULL, role TEXT NOT NULL,
  action TEXT NOT NULL, objet TEXT NOT NULL, parametres TEXT NOT NULL, lignes BIGINT NOT NULL, secret BIGINT NOT NULL,
  ip TEXT NOT NULL, requete TEXT NOT NULL, precedent TEXT NOT NULL, empreinte TEXT NOT NULL
);
CREATE INDEX audit_quand ON audit (quand);
-- One row: the last line, and what stood before the first that is kept. Updating it first puts writers in line.
CREATE TABLE audit_tete (
  seul BIGINT PRIMARY KEY CHECK (seul = 1), rang BIGINT NOT NULL, empreinte TEXT NOT NULL, ancre_rang BIGINT NOT NULL, ancre TEXT NOT NULL
);
INSERT INTO audit_tete (seul, rang, empreinte, ancre_rang, ancre) VALUES (1, 0, '', 0, '');
