-- The people who lost access can be told themselves. `query` is what leads to them, such as their address.
ALTER TABLE incidents ADD COLUMN query TEXT;
ALTER TABLE incidents ADD COLUMN told_at BIGINT; -- when they were told, or when it was decided that nobody is to be told

-- Who changed something, if the feed names a person. Of a person, `incidents.details` has it.
ALTER TABLE watch_queue ADD COLUMN changed_by TEXT;

-- Who does not want to be told, by Slack user id.
CREATE TABLE quiet_people (
    slack_user TEXT   NOT NULL PRIMARY KEY,
    since      BIGINT NOT NULL
);
