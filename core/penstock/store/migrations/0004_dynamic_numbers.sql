-- Numbers of dynamic keys, so that the status of their partitions is kept as bits (store/numbering.py).

-- Sets whose keys are numbered, from the first question about such partitions on; last: highest number.
CREATE TABLE dynamic_sets (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;

-- A key keeps its number when it is taken away, and has it again when it comes back.
CREATE TABLE dynamic_numbers (
    name   TEXT NOT NULL,
    part   TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (name, part)
) WITHOUT ROWID;
CREATE UNIQUE INDEX dynamic_numbers_by_number ON dynamic_numbers (name, number);

-- The numbers of the keys that are there, 4096 a row (store/bitmaps.py).
CREATE TABLE dynamic_bits (
    name  TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    bits  BLOB NOT NULL,
    PRIMARY KEY (name, chunk)
) WITHOUT ROWID;
