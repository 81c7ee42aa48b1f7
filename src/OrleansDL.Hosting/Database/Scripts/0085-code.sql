-- Code that runs execute, and its versions. Times are microseconds since 1970.
CREATE TABLE code (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  name {text} NOT NULL,
  latest_version BIGINT NOT NULL,
  created_at BIGINT NOT NULL
)
;;
CREATE INDEX code_by_name ON code (project, name)
;;
CREATE TABLE code_version (
  code {text} NOT NULL,
  version BIGINT NOT NULL,
  digest TEXT NOT NULL,
  files INTEGER NOT NULL,
  bytes BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (code, version)
)
;;
CREATE UNIQUE INDEX code_version_by_digest ON code_version (code, digest)
;;
