-- Uploads and imports. What a project may commit without sending it: bytes that it sent itself.
--:sqlite
CREATE TABLE project_blob (
  project TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (project, sha256)
) WITHOUT ROWID
--:postgres
CREATE TABLE project_blob (
  project {text} NOT NULL,
  sha256 {text} NOT NULL,
  PRIMARY KEY (project, sha256)
)
--:all
;;
-- A large file that comes in piece by piece. 'durable' bytes of it are safe on the disk; 'sealed' is the digest of all of them,
-- written before they become a blob; 'blob' is set once they are.
CREATE TABLE dataset_upload (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  dataset {text} NOT NULL,
  resume_key {text} NULL,
  bytes BIGINT NOT NULL,
  sha256 TEXT NULL,
  durable BIGINT NOT NULL,
  sealed TEXT NULL,
  blob TEXT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
)
;;
CREATE INDEX dataset_upload_by_expiry ON dataset_upload (expires_at)
;;
CREATE INDEX dataset_upload_by_key ON dataset_upload (dataset, resume_key)
;;
-- An import: what was asked, how far it is, and who works on it. 'attempt' fences a worker that was given up.
CREATE TABLE dataset_import (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  dataset {text} NOT NULL,
  status INTEGER NOT NULL,
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  alive_until BIGINT NOT NULL,
  objects BIGINT NOT NULL,
  objects_done BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  bytes_done BIGINT NOT NULL
)
;;
CREATE INDEX dataset_import_by_dataset ON dataset_import (dataset, created_at, id)
;;
-- The objects an import found, pinned. 'sha256' is set once the bytes are stored.
CREATE TABLE dataset_import_object (
  import {text} NOT NULL,
  ordinal BIGINT NOT NULL,
  name TEXT NOT NULL,
  etag TEXT NULL,
  version_id TEXT NULL,
  modified TEXT NULL,
  bytes BIGINT NOT NULL,
  sha256 TEXT NULL,
  fetched_at BIGINT NULL,
  PRIMARY KEY (import, ordinal)
)
