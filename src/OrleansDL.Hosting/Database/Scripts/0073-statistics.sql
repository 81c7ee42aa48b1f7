-- Statistics of files that have been read once, so that no file is parsed twice. A manifest's node is kept the same way, under format 'node'.
CREATE TABLE file_summary (
  blob {text} NOT NULL,
  format {text} NOT NULL,
  header INTEGER NOT NULL,
  rows BIGINT NOT NULL,
  document {bytes} NOT NULL,
  PRIMARY KEY (blob, format, header)
)
;;
-- What a dataset's commits are held to.
CREATE TABLE dataset_policy (
  dataset {text} NOT NULL PRIMARY KEY,
  document TEXT NOT NULL
)
