-- What people were warned of. The message is the card of the sweep `notice`. No row names a person, and retention erases
-- none: a date stays told as long as it is the same date.
CREATE TABLE warnings (
    subject  TEXT   NOT NULL,               -- what it is about, with the date
    level    BIGINT NOT NULL,               -- how urgent it is: each level of a subject is told once
    notice   TEXT   NOT NULL,
    warning  TEXT   NOT NULL,               -- what the message says
    found_at BIGINT NOT NULL,
    PRIMARY KEY (subject, level)
);

-- The looks at what runs out: one row, made by the first look.
CREATE TABLE warning_looks (
    id         BIGINT NOT NULL PRIMARY KEY,
    epoch      BIGINT NOT NULL,             -- raised with each look: tells an older look from the present one
    next_at    BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,             -- as in `watch`: a time in the future means that the clock was set back
    facts      TEXT                         -- what the last look has read
);
