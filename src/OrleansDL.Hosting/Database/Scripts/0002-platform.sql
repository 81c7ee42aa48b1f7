-- The platform's own ground: projects, names, tokens, wake-ups, events, blobs, idempotency keys. Times are microseconds since 1970.
CREATE TABLE project (
  name {text} NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  description TEXT NULL,
  public_inference INTEGER NOT NULL,
  created_at BIGINT NOT NULL
)
;;
CREATE TABLE name (
  project {text} NOT NULL,
  kind INTEGER NOT NULL,
  name {text} NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (project, kind, name)
)
;;
CREATE UNIQUE INDEX name_by_id ON name (id, kind)
;;
CREATE TABLE token (
  id {text} NOT NULL PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  role INTEGER NOT NULL,
  project TEXT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NULL,
  revoked_at BIGINT NULL
)
;;
-- What calls between the cluster's own processes carry, so that nobody else can pass for one. One row.
CREATE TABLE cluster_secret (
  id INTEGER NOT NULL PRIMARY KEY,
  secret TEXT NOT NULL
)
;;
CREATE TABLE wake_up (
  grain {text} NOT NULL,
  name {text} NOT NULL,
  due BIGINT NOT NULL,
  payload TEXT NULL,
  version BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  claimed_until BIGINT NOT NULL,
  PRIMARY KEY (grain, name)
)
;;
CREATE INDEX wake_up_by_due ON wake_up (due)
;;
CREATE TABLE event_head (
  project {text} NOT NULL PRIMARY KEY,
  last_sequence BIGINT NOT NULL
)
;;
CREATE TABLE event (
  project {text} NOT NULL,
  sequence BIGINT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  time BIGINT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (project, sequence)
)
;;
CREATE TABLE event_trigger (
  owner {text} NOT NULL,
  project TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (owner, project, type, subject)
)
;;
CREATE INDEX event_trigger_by_type ON event_trigger (project, type)
;;
CREATE TABLE blob (
  sha256 {text} NOT NULL PRIMARY KEY,
  bytes BIGINT NOT NULL,
  stored_at BIGINT NOT NULL
)
;;
CREATE TABLE blob_reference (
  owner {text} NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (owner, sha256)
)
;;
CREATE INDEX blob_reference_by_blob ON blob_reference (sha256)
;;
CREATE TABLE idempotency_key (
  project TEXT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (project, route, key)
)
;;
