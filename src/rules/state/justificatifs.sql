-- Evidence of a demand that an agent ticked by hand. `nud`: the pseudonym, 32 hexadecimal digits. `retire_le` 0: in force. A tick that is
-- taken back stays, with who took it back and when.
CREATE TABLE justificatifs (
  id TEXT PRIMARY KEY, epci TEXT NOT NULL, nud TEXT NOT NULL, critere TEXT NOT NULL, par TEXT NOT NULL, organisme TEXT NOT NULL,
  le BIGINT NOT NULL, retire_par TEXT NOT NULL, retire_le BIGINT NOT NULL
);
CREATE INDEX justificatifs_nud ON justificatifs (nud);
