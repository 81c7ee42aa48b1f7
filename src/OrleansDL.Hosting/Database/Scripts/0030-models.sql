-- Models, their versions and aliases; the lineage graph. Times are microseconds since 1970.
CREATE TABLE model (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  name {text} NOT NULL,
  description TEXT NULL,
  latest_version BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL
)
;;
CREATE INDEX model_by_name ON model (project, name)
;;
CREATE TABLE model_version (
  model {text} NOT NULL,
  version BIGINT NOT NULL,
  registration TEXT NOT NULL,
  run TEXT NULL,
  artifact TEXT NOT NULL,
  metrics TEXT NOT NULL,
  parameters TEXT NOT NULL,
  dataset_name TEXT NULL,
  dataset_version BIGINT NULL,
  dataset_commit TEXT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (model, version)
)
;;
CREATE UNIQUE INDEX model_version_by_registration ON model_version (model, registration)
;;
CREATE TABLE model_alias (
  model {text} NOT NULL,
  alias {text} NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (model, alias)
)
;;
CREATE TABLE lineage_node (
  project {text} NOT NULL,
  id {text} NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  properties TEXT NULL,
  time BIGINT NOT NULL,
  PRIMARY KEY (project, id)
)
;;
-- Two covering indexes, one for each way the graph is walked: the primary key leads down, the index leads up.
CREATE TABLE lineage_edge (
  project {text} NOT NULL,
  source {text} NOT NULL,
  target {text} NOT NULL,
  role {text} NOT NULL,
  properties TEXT NULL,
  time BIGINT NOT NULL,
  PRIMARY KEY (project, source, target, role)
)
;;
CREATE INDEX lineage_edge_by_target ON lineage_edge (project, target, source, role)
;;
