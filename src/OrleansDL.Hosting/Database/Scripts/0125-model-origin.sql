-- Who made a version: 0 not known, 1 our trainer, 2 a program of the user's, 3 imported.
ALTER TABLE model_version ADD COLUMN origin BIGINT NOT NULL DEFAULT 0
