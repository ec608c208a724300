-- Who closed an account (an account that the administration closed is reopened by it alone), and until when a one-time
-- password opens (NULL: given before this was kept).
ALTER TABLE comptes ADD COLUMN ferme_par TEXT NOT NULL DEFAULT '';
ALTER TABLE comptes ADD COLUMN provisoire_fin BIGINT;
