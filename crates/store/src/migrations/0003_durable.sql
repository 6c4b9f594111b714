-- When lease_until and wake_at were last set, by the database's clock. If that lies in the future, the clock was set
-- back since, and neither of the two means anything. Programs that do not know the column leave it behind, where it
-- changes nothing.
ALTER TABLE runs ADD COLUMN touched_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX runs_touched ON runs (touched_at) WHERE ended_at IS NULL;

-- When a run's cards may be drawn again. Set ahead while a process draws them, so that replicas do not post twice.
ALTER TABLE runs ADD COLUMN draw_at BIGINT NOT NULL DEFAULT 0;

-- What retention has yet to erase, and the entries about the whole store.
CREATE INDEX entries_to_forget ON entries (at) WHERE personal IS NOT NULL;
CREATE INDEX entries_global ON entries (kind, position) WHERE run IS NULL;
