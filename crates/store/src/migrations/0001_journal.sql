-- One text for SQLite and PostgreSQL: TEXT and BIGINT only, times in milliseconds since 1970.

-- The last link of the chain. Locking this one row is what puts all appends in one order.
CREATE TABLE head (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    hash     TEXT   NOT NULL
);
INSERT INTO head (id, position, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE runs (
    run         TEXT   NOT NULL PRIMARY KEY,
    request_key TEXT   NOT NULL UNIQUE,
    seq         BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,
    ended_at    BIGINT,
    owner       TEXT,
    epoch       BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0,
    wake_at     BIGINT,                       -- null: sleeps until somebody appends with a wake
    shown_seq   BIGINT NOT NULL DEFAULT -1    -- what the oldest of its cards shows; -1: it has no root card
);
CREATE INDEX runs_open ON runs (opened_at) WHERE ended_at IS NULL;
CREATE INDEX runs_wake ON runs (wake_at) WHERE ended_at IS NULL;
CREATE INDEX runs_stale ON runs (opened_at) WHERE shown_seq < seq;
CREATE INDEX runs_recent ON runs (opened_at);

CREATE TABLE entries (
    position      BIGINT NOT NULL PRIMARY KEY,
    run           TEXT REFERENCES runs (run),
    run_seq       BIGINT,
    at            BIGINT NOT NULL,
    kind          TEXT   NOT NULL,
    facts         TEXT   NOT NULL,
    personal      TEXT,
    personal_salt TEXT,
    personal_hash TEXT,
    prev_hash     TEXT   NOT NULL,
    hash          TEXT   NOT NULL,
    UNIQUE (run, run_seq)
);
CREATE INDEX entries_at ON entries (at);

-- Who is being repaired now: at most one run an identity.
CREATE TABLE claims (
    identity TEXT NOT NULL PRIMARY KEY,
    run      TEXT NOT NULL REFERENCES runs (run)
);
CREATE INDEX claims_run ON claims (run);

-- The provisioning job: many writing runs share it, one tenant-wide run has it alone.
CREATE TABLE tenant_claims (
    run       TEXT   NOT NULL PRIMARY KEY REFERENCES runs (run),
    exclusive BIGINT NOT NULL
);

-- Which runs were ever about an identity: the history of an account.
CREATE TABLE subjects (
    identity TEXT NOT NULL,
    run      TEXT NOT NULL REFERENCES runs (run),
    PRIMARY KEY (identity, run)
);
CREATE INDEX subjects_run ON subjects (run);

CREATE TABLE risky_steps (
    position BIGINT NOT NULL PRIMARY KEY REFERENCES entries (position),
    run      TEXT   NOT NULL REFERENCES runs (run),
    at       BIGINT NOT NULL
);
CREATE INDEX risky_steps_at ON risky_steps (at);

CREATE TABLE cards (
    run          TEXT   NOT NULL REFERENCES runs (run),
    role         TEXT   NOT NULL,
    channel      TEXT   NOT NULL,
    ts           TEXT   NOT NULL,
    rendered_seq BIGINT NOT NULL,
    fingerprint  TEXT   NOT NULL,
    PRIMARY KEY (run, role)
);

CREATE TABLE sights (
    sight   TEXT   NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sights_seen_at ON sights (seen_at);
