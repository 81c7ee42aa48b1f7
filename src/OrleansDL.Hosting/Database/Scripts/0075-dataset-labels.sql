-- The labels of a commit's column in the order of their ids, a JSON array; the text null where the column is no label. Once told, a list never changes.
CREATE TABLE dataset_labels (
  commit_sha256 TEXT NOT NULL,
  column_name {text} NOT NULL,
  labels TEXT NOT NULL,
  PRIMARY KEY (commit_sha256, column_name)
)
