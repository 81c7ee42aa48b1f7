-- Where rows begin in files without rows of a fixed size (CSV, JSON Lines). Derived: it can be made again from the blob, and goes away with it.
CREATE TABLE row_index (
  sha256 {text} NOT NULL REFERENCES blob (sha256) ON DELETE CASCADE,
  format {text} NOT NULL,
  header INTEGER NOT NULL,
  points {bytes} NOT NULL,
  PRIMARY KEY (sha256, format, header)
)
