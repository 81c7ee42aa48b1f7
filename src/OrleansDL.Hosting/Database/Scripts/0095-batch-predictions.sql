-- Whole versions put to a deployment: what was asked, and who works on it. 'attempt' fences a worker that was given up.
CREATE TABLE batch_prediction (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  status INTEGER NOT NULL,
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  alive_until BIGINT NOT NULL
)
;;
CREATE INDEX batch_prediction_by_project ON batch_prediction (project, created_at, id)
;;
-- The parts that are done: the blob that holds the answers to a range of rows, and the model versions that gave them.
CREATE TABLE batch_prediction_part (
  job {text} NOT NULL,
  ordinal BIGINT NOT NULL,
  rows BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  models TEXT NOT NULL,
  PRIMARY KEY (job, ordinal)
)
