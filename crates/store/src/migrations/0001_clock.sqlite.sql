CREATE VIEW db_clock (ms) AS SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER);
