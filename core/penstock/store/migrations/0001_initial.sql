-- The tables of schema 1. Numbers of statuses: 1 QUEUED, 2 STARTING, 3 STARTED, 4 CANCELING,
-- 5 SUCCESS, 6 FAILURE, 7 CANCELED (store/rows.py). Numbers of kinds: events/values.py.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Ids of events and facts come from one counter, so that they grow in order of commit over both
-- tables and are never given twice, whatever is deleted.
CREATE TABLE log_head (one INTEGER PRIMARY KEY CHECK (one = 1), last_id INTEGER NOT NULL);
INSERT INTO log_head VALUES (1, 0);

-- gone: 0 there, 1 forgotten while its events are still being removed, 2 forgotten (the row stays
-- only for the sake of facts that name the run).
CREATE TABLE runs (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id   TEXT NOT NULL UNIQUE,
    job      TEXT NOT NULL,
    status   INTEGER NOT NULL CHECK (status BETWEEN 1 AND 7),
    last_seq INTEGER NOT NULL,
    created  REAL NOT NULL,
    updated  REAL NOT NULL,
    started  REAL,
    ended    REAL,
    gone     INTEGER NOT NULL DEFAULT 0,
    tags     BLOB NOT NULL,
    body     BLOB NOT NULL
);
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_job ON runs (job);

-- The second barrier behind the compare-and-set: no forgotten code path, no hand-written SQL.
CREATE TRIGGER runs_move_legally BEFORE UPDATE OF status ON runs
WHEN NOT (
    OLD.status = NEW.status
    OR (OLD.status = 1 AND NEW.status IN (2, 7))
    OR (OLD.status = 2 AND NEW.status IN (1, 3, 4, 6))
    OR (OLD.status = 3 AND NEW.status IN (4, 5, 6))
    OR (OLD.status = 4 AND NEW.status = 7)
)
BEGIN
    SELECT RAISE(ABORT, 'penstock: illegal change of a run''s status');
END;

CREATE TABLE run_tags (
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    run   INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (key, value, run)
) WITHOUT ROWID;

CREATE TABLE steps (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- The identity of every asset that was ever seen, and its latest facts. key: a JSON list of parts.
CREATE TABLE assets (
    id           INTEGER PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE,
    materialized INTEGER,
    observed     INTEGER,
    planned      INTEGER
);

-- What runs leave behind and retention removes. run is NULL outside any run.
CREATE TABLE events (
    id   INTEGER PRIMARY KEY,
    run  INTEGER,
    seq  INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    at   REAL NOT NULL,
    step INTEGER,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX events_by_run ON events (run, seq);

-- Events that say something of an asset: small, and kept when the run is forgotten.
CREATE TABLE facts (
    id         INTEGER PRIMARY KEY,
    run        INTEGER,
    seq        INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    at         REAL NOT NULL,
    step       INTEGER,
    body       BLOB NOT NULL,
    asset      INTEGER NOT NULL,
    part       TEXT,
    check_name TEXT
);
CREATE INDEX facts_by_run ON facts (run, seq);
CREATE INDEX facts_by_asset ON facts (asset, kind);
CREATE INDEX facts_by_part ON facts (asset, part) WHERE part IS NOT NULL;

-- The latest materialization of each partition, and the latest evaluation of each check.
CREATE TABLE partitions (
    asset INTEGER NOT NULL,
    part  TEXT NOT NULL,
    fact  INTEGER NOT NULL,
    PRIMARY KEY (asset, part)
) WITHOUT ROWID;
CREATE TABLE checks (
    asset INTEGER NOT NULL,
    name  TEXT NOT NULL,
    fact  INTEGER NOT NULL,
    PRIMARY KEY (asset, name)
) WITHOUT ROWID;

CREATE TABLE dynamic_partitions (
    name  TEXT NOT NULL,
    part  TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (name, part)
) WITHOUT ROWID;

-- Cursors and other small named values of later rooms.
CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- The log is never rewritten. Rows go only while this table holds a row, which those who may
-- delete (delete_run, wipe, retention) put there and take away within their transaction.
CREATE TABLE deleting (reason TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'penstock: the event log is never rewritten');
END;
CREATE TRIGGER facts_never_change BEFORE UPDATE ON facts
BEGIN
    SELECT RAISE(ABORT, 'penstock: the event log is never rewritten');
END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM deleting)
BEGIN
    SELECT RAISE(ABORT, 'penstock: events are removed by retention and by deleting their run only');
END;
CREATE TRIGGER facts_stay BEFORE DELETE ON facts
WHEN NOT EXISTS (SELECT 1 FROM deleting)
BEGIN
    SELECT RAISE(ABORT, 'penstock: facts are removed by wiping their asset or deleting their run only');
END;
