-- The watch: one row, made by the first look. It says which process looks, and when the next look is due.
CREATE TABLE watch (
    id          BIGINT NOT NULL PRIMARY KEY,
    epoch       BIGINT NOT NULL,            -- raised with each look: tells an older holder from the present one
    lease_until BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    touched_at  BIGINT NOT NULL,            -- as in `runs`: a time in the future means that the clock was set back
    sweep_for   TEXT,                       -- why everybody has to be read, until that sweep is opened
    sweep_since BIGINT                      -- since when
);

-- Where the next round of each feed begins. A place is never shown.
CREATE TABLE watch_feeds (
    feed   TEXT   NOT NULL PRIMARY KEY,
    place  TEXT,
    unread TEXT,                            -- why the last round could not be read
    told   BIGINT NOT NULL                  -- whether a message has said so
);

-- What the feeds have reported and nobody has looked at yet, and whom to look at again.
CREATE TABLE watch_queue (
    subject        TEXT   NOT NULL PRIMARY KEY,
    changed_at     BIGINT NOT NULL,
    only_at_source BIGINT NOT NULL,
    due_at         BIGINT NOT NULL,
    looks          BIGINT NOT NULL          -- how often it was looked at since the last report
);
CREATE INDEX watch_queue_due ON watch_queue (due_at);

-- Who lost access, and in which message that was told. The message is the card of the sweep `notice`.
CREATE TABLE incidents (
    notice    TEXT   NOT NULL,
    person    TEXT   NOT NULL,
    causes    TEXT   NOT NULL,
    details   TEXT,                         -- of a fault that concerns everybody: its evidence
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    recovered BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (notice, person)
);
-- Nobody has two open incidents: this is why nothing is told twice.
CREATE UNIQUE INDEX incidents_open ON incidents (person) WHERE closed_at IS NULL;
