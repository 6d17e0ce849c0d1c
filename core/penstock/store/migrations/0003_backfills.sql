-- Backfills. version: compare-and-set, whoever writes says which version it follows.

CREATE TABLE backfills (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    backfill_id TEXT NOT NULL UNIQUE,
    status      TEXT NOT NULL,
    version     INTEGER NOT NULL,
    created     REAL NOT NULL,
    updated     REAL NOT NULL,
    ended       REAL,
    chunks      INTEGER NOT NULL DEFAULT 0,
    message     TEXT NOT NULL DEFAULT '',
    body        BLOB NOT NULL
);
CREATE INDEX backfills_by_status ON backfills (status);

-- One row an asset, or one for a job. progress: which partitions are done, failed and so on, as sets.
CREATE TABLE backfill_parts (
    backfill INTEGER NOT NULL REFERENCES backfills (id),
    place    INTEGER NOT NULL,
    body     BLOB NOT NULL,
    progress BLOB NOT NULL,
    PRIMARY KEY (backfill, place)
) WITHOUT ROWID;

-- One row a run. status: 1 REQUESTED, 2 SUCCEEDED, 3 FAILED, 4 CANCELED, 5 LOST, 6 RETURNED.
CREATE TABLE backfill_chunks (
    backfill INTEGER NOT NULL REFERENCES backfills (id),
    number   INTEGER NOT NULL,
    status   INTEGER NOT NULL CHECK (status BETWEEN 1 AND 6),
    run_id   BLOB NOT NULL,
    parts    TEXT NOT NULL,
    first    TEXT,
    last     TEXT,
    count    INTEGER NOT NULL,
    owner    TEXT,
    PRIMARY KEY (backfill, number)
) WITHOUT ROWID;
CREATE INDEX backfill_chunks_open ON backfill_chunks (backfill, number) WHERE status = 1;
CREATE INDEX backfill_chunks_lost ON backfill_chunks (backfill, first) WHERE status = 5;

-- A chunk is settled once.
CREATE TRIGGER backfill_chunks_settle_once BEFORE UPDATE OF status ON backfill_chunks
WHEN OLD.status != 1 AND NEW.status != OLD.status
BEGIN
    SELECT RAISE(ABORT, 'penstock: a settled chunk of a backfill never changes');
END;
