-- clock_timestamp(), not now(): now() stands still within a transaction that waited for a lock.
CREATE VIEW db_clock (ms) AS SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT);
