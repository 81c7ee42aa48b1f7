-- Branches of datasets, and versions that are no more. Times are microseconds since 1970.
CREATE TABLE dataset_branch (
  dataset {text} NOT NULL,
  name {text} NOT NULL,
  commit_sha256 TEXT NOT NULL,
  version BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  moved_at BIGINT NOT NULL,
  PRIMARY KEY (dataset, name)
)
;;
-- Until now a dataset had one line of versions: it becomes branch main.
INSERT INTO dataset_branch (dataset, name, commit_sha256, version, revision, moved_at)
SELECT v.dataset, 'main', v.commit_sha256, v.version, 0, v.committed_at
FROM dataset_version v WHERE v.version = (SELECT MAX(w.version) FROM dataset_version w WHERE w.dataset = v.dataset)
;;
-- Which version was made from which, by their numbers: what histories are walked along.
CREATE TABLE dataset_parent (
  dataset {text} NOT NULL,
  version BIGINT NOT NULL,
  parent BIGINT NOT NULL,
  PRIMARY KEY (dataset, version, parent)
)
;;
INSERT INTO dataset_parent (dataset, version, parent) SELECT dataset, version, version - 1 FROM dataset_version WHERE version > 1
;;
ALTER TABLE dataset ADD COLUMN retention TEXT NULL
;;
-- What became of a version whose bytes are gone: expired by the dataset's policy, or purged by an administrator.
CREATE TABLE dataset_expired (
  dataset {text} NOT NULL,
  version BIGINT NOT NULL,
  expired_at BIGINT NOT NULL,
  purged INTEGER NOT NULL,
  reason TEXT NOT NULL,
  collected INTEGER NOT NULL,
  PRIMARY KEY (dataset, version)
)
