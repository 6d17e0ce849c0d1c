-- Pools: how many steps of all runs together may run at once (store/pools.py).

-- Limits of an instance; the empty name is the limit of every pool that has none of its own.
CREATE TABLE pools (
    name  TEXT PRIMARY KEY,
    slots INTEGER NOT NULL CHECK (slots >= 0)
) WITHOUT ROWID;

-- One row an attempt at a step that is under way in a pool. owner: the process that drives its run.
CREATE TABLE pool_slots (
    run     INTEGER NOT NULL REFERENCES runs (id),
    step    TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    pool    TEXT NOT NULL,
    owner   TEXT NOT NULL,
    taken   REAL NOT NULL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE INDEX pool_slots_by_pool ON pool_slots (pool);

-- Runs of which a step waits for a slot, in the order in which they asked. looked: when last.
CREATE TABLE pool_queue (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    pool   TEXT NOT NULL,
    run    INTEGER NOT NULL REFERENCES runs (id),
    step   TEXT NOT NULL,
    owner  TEXT NOT NULL,
    asked  REAL NOT NULL,
    looked REAL NOT NULL
);
CREATE UNIQUE INDEX pool_queue_by_run ON pool_queue (run, pool);
CREATE INDEX pool_queue_by_pool ON pool_queue (pool, id);

-- The second barrier: no forgotten code path, no hand-written SQL takes a slot that is not there.
CREATE TRIGGER pool_slots_stay_within_the_limit BEFORE INSERT ON pool_slots
WHEN (SELECT count(*) FROM pool_slots WHERE pool = NEW.pool) >= coalesce(
    (SELECT slots FROM pools WHERE name = NEW.pool), (SELECT slots FROM pools WHERE name = ''),
    9223372036854775807
)
BEGIN
    SELECT RAISE(ABORT, 'penstock: the pool has no free slot');
END;

-- Whatever ends a run, its slots and wishes end with it.
CREATE TRIGGER pool_slots_end_with_their_run AFTER UPDATE OF status ON runs WHEN NEW.status IN (5, 6, 7)
BEGIN
    DELETE FROM pool_slots WHERE run = NEW.id;
    DELETE FROM pool_queue WHERE run = NEW.id;
END;
