-- Datasets: what is listed and looked up. The name stands in the table of names; what a version is made of stands in the blob store.
CREATE TABLE dataset (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  kind INTEGER NOT NULL,
  description TEXT NULL,
  created_at BIGINT NOT NULL,
  latest_version BIGINT NOT NULL,
  head TEXT NULL,
  revision BIGINT NOT NULL
)
;;
CREATE TABLE dataset_version (
  dataset {text} NOT NULL,
  version BIGINT NOT NULL,
  commit_sha256 TEXT NOT NULL,
  request_id TEXT NOT NULL,
  committed_at BIGINT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (dataset, version)
)
;;
CREATE UNIQUE INDEX dataset_version_by_commit ON dataset_version (dataset, commit_sha256)
;;
CREATE UNIQUE INDEX dataset_version_by_request ON dataset_version (dataset, request_id)
;;
CREATE TABLE dataset_tag (
  dataset {text} NOT NULL,
  tag {text} NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (dataset, tag, version)
)
;;
CREATE INDEX dataset_tag_by_version ON dataset_tag (dataset, version)
