-- What the dwellings of a delivery are, and where: JSON.
ALTER TABLE evenements ADD COLUMN caracteristiques TEXT NOT NULL DEFAULT '{}';
ALTER TABLE evenements ADD COLUMN lieu TEXT NOT NULL DEFAULT 'null';
