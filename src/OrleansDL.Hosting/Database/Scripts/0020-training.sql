-- Training runs as lists and pages read them, what they reported, and the pools that have a scheduler.
CREATE TABLE training_run (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  name TEXT NOT NULL,
  status INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  document TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  report_sequence BIGINT NOT NULL,
  log_number BIGINT NOT NULL,
  progress TEXT NULL
)
;;
CREATE INDEX training_run_by_project ON training_run (project, created_at, id)
;;
CREATE TABLE training_metric (
  run {text} NOT NULL,
  step BIGINT NOT NULL,
  name {text} NOT NULL,
  value DOUBLE PRECISION NULL,
  time BIGINT NOT NULL,
  attempt INTEGER NOT NULL,
  PRIMARY KEY (run, step, name)
)
;;
CREATE INDEX training_metric_by_name ON training_metric (run, name, step)
;;
CREATE TABLE training_log (
  run {text} NOT NULL,
  number BIGINT NOT NULL,
  attempt INTEGER NOT NULL,
  time BIGINT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, number)
)
;;
CREATE TABLE training_pool (
  name {text} NOT NULL PRIMARY KEY
)
;;
