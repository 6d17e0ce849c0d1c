-- Where the partitions of an asset stand, as bits that are kept in the transaction of the event.

-- place: the number of the key by the ruler of the asset; NULL as long as nobody who knows the
-- definition told it, -1 when the definition has no such key.
ALTER TABLE partitions ADD COLUMN place INTEGER;

-- By which definition the bits of an asset are numbered (partitions/numbers.py). waits: some row of
-- partitions has no place yet. stale: the tries have to be laid over the bits again. Both are made
-- good by the next question about the asset, which knows its definition.
CREATE TABLE partition_rulers (
    asset INTEGER PRIMARY KEY,
    ruler TEXT NOT NULL,
    waits INTEGER NOT NULL DEFAULT 0,
    stale INTEGER NOT NULL DEFAULT 0
);

-- 4096 numbers a row (store/bitmaps.py). owner: 0 materialized, -1 failed, else the run that is to
-- make them.
CREATE TABLE partition_bits (
    asset INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    bits  BLOB NOT NULL,
    PRIMARY KEY (asset, owner, chunk)
) WITHOUT ROWID;

-- Runs that name partitions and are not over (ended is NULL) or failed; ids of the log before their
-- first event, and at their end.
CREATE TABLE partition_tries (
    run   INTEGER NOT NULL,
    asset INTEGER NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER,
    PRIMARY KEY (run, asset)
) WITHOUT ROWID;

-- Failures before this id of the log were wiped with their partition.
CREATE TABLE partition_wipes (
    asset INTEGER NOT NULL,
    part  TEXT NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (asset, part)
) WITHOUT ROWID;

INSERT INTO partition_tries
SELECT r.id, a.id,
       coalesce((SELECT e.id - 1 FROM events e WHERE e.run = r.id AND e.seq = 1), 0),
       CASE r.status WHEN 6 THEN coalesce((SELECT max(e.id) FROM events e WHERE e.run = r.id), 0) END
FROM runs r
JOIN json_each(CASE WHEN r.body = x'' THEN '{}' ELSE CAST(r.body AS TEXT) END, '$.assets') named
JOIN assets a ON a.key = named.value
WHERE r.gone = 0 AND r.status NOT IN (5, 7) AND r.id IN (
    SELECT t.run FROM run_tags t
    WHERE t.key IN ('penstock/partition', 'penstock/asset_partition_range_start')
);
