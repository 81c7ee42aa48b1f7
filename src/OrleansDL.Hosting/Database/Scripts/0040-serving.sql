-- Deployments as listed and routed, and every generation that ever answered. Times are microseconds since 1970.
CREATE TABLE replica_generation (
  number {bigserial},
  deployment TEXT NOT NULL,
  deployment_name TEXT NOT NULL,
  project TEXT NOT NULL,
  change_id TEXT NOT NULL,
  model TEXT NOT NULL,
  model_name TEXT NOT NULL,
  model_version BIGINT NOT NULL,
  pipeline_sha256 TEXT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (deployment, change_id)
)
;;
CREATE TABLE deployment_route (
  id {text} NOT NULL PRIMARY KEY,
  project {text} NOT NULL,
  name {text} NOT NULL,
  revision BIGINT NOT NULL,
  deleted INTEGER NOT NULL,
  model TEXT NOT NULL,
  model_version BIGINT NOT NULL,
  document TEXT NOT NULL,
  route TEXT NOT NULL,
  changed_at BIGINT NOT NULL
)
;;
CREATE INDEX deployment_route_by_name ON deployment_route (project, name)
;;
CREATE INDEX deployment_route_by_change ON deployment_route (changed_at)
