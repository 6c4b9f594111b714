-- Sweeps that have read everything, and what they found: kept for the next one to compare with.
CREATE TABLE sweeps (
    sweep   TEXT   NOT NULL PRIMARY KEY,
    done_at BIGINT NOT NULL
);

CREATE TABLE sweep_rows (
    sweep TEXT NOT NULL,
    query TEXT NOT NULL,
    found TEXT NOT NULL,
    PRIMARY KEY (sweep, query)
);
