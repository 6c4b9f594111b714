-- The sweep that opened a run. Children are found by it, and not by their keys: which texts lie between two others
-- depends on the locale of the database.
ALTER TABLE runs ADD COLUMN parent TEXT;
CREATE INDEX runs_of_parent ON runs (parent) WHERE parent IS NOT NULL;
-- Until now the key of a child began with the word sweep and the id of its sweep. Of a sweep's own key no run has that
-- id.
UPDATE runs SET parent = substr(request_key, 7, 36)
WHERE substr(request_key, 1, 6) = 'sweep ' AND substr(request_key, 43, 1) = ' '
    AND EXISTS (SELECT 1 FROM runs AS sweep WHERE sweep.run = substr(runs.request_key, 7, 36));

-- Whether retention has been here: what a run is known by, and whom it is about, is forgotten.
ALTER TABLE runs ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;
CREATE INDEX runs_to_forget ON runs (ended_at) WHERE forgotten = 0;
