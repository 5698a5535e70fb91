/** Version 1: the hit table. A row is one hit, or, with `category` null, one body or text whose outcome matters without any. */
export const HITS_TABLE = `
  CREATE TABLE hits (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms         INTEGER NOT NULL,
    request_id      TEXT NOT NULL,
    direction       TEXT NOT NULL,
    route           TEXT NOT NULL,
    field           TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    policy          TEXT NOT NULL,
    mode            TEXT NOT NULL,
    action          TEXT NOT NULL,
    applied         TEXT NOT NULL,
    category        TEXT,
    source          TEXT,
    hit_action      TEXT,
    score           REAL,
    span_start      INTEGER,
    span_end        INTEGER,
    term_id         TEXT,
    policy_version  TEXT NOT NULL,
    lexicon_version TEXT NOT NULL,
    model_version   TEXT NOT NULL,
    CHECK (category IS NULL OR (source IS NOT NULL AND hit_action IS NOT NULL AND score IS NOT NULL
      AND span_start IS NOT NULL AND span_end IS NOT NULL))
  ) STRICT;
  CREATE INDEX hits_by_time ON hits (time_ms);
  CREATE INDEX hits_by_request ON hits (request_id);
`;
