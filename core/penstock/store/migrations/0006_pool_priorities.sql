-- Who waits for a slot of a pool and is more urgent comes first; equals in the order in which they asked.
ALTER TABLE pool_queue ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
