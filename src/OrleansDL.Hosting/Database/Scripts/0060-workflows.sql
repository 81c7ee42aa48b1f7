-- Workflows, their immutable versions, their runs, and the journal each run keeps. Times are microseconds since 1970.
CREATE TABLE workflow (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  name {text} NOT NULL,
  body TEXT NOT NULL
)
;;
CREATE INDEX workflow_by_name ON workflow (project, name)
;;
CREATE TABLE workflow_version (
  workflow {text} NOT NULL,
  version BIGINT NOT NULL,
  digest TEXT NOT NULL,
  definition TEXT NOT NULL,
  canonical TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workflow, version)
)
;;
CREATE TABLE workflow_run (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  workflow {text} NOT NULL,
  status INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT NULL,
  body TEXT NOT NULL
)
;;
CREATE INDEX workflow_run_by_project ON workflow_run (project, created_at, id)
;;
CREATE INDEX workflow_run_by_workflow ON workflow_run (workflow, created_at, id)
;;
CREATE TABLE workflow_journal (
  run {text} NOT NULL,
  sequence BIGINT NOT NULL,
  time BIGINT NOT NULL,
  type TEXT NOT NULL,
  step TEXT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (run, sequence)
)
