-- The revision in which events were last dropped at the end of their time: whoever read before reads everything again.
ALTER TABLE flux_revision ADD COLUMN oubli BIGINT NOT NULL DEFAULT 0;
