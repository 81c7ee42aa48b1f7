-- MDS shards derived from versions. A set is the shards of one manifest node's rows under one schema: equal nodes share it. It can always be made again, bit-equal.
CREATE TABLE dataset_shard_set (
  source {text} NOT NULL PRIMARY KEY,
  node {text} NOT NULL,
  schema_sha256 {text} NOT NULL,
  outside INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  used_at BIGINT NOT NULL
)
;;
CREATE INDEX dataset_shard_set_by_node ON dataset_shard_set (node, schema_sha256)
;;
CREATE INDEX dataset_shard_set_by_use ON dataset_shard_set (used_at)
;;
CREATE TABLE dataset_shard (
  source {text} NOT NULL,
  number INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  samples INTEGER NOT NULL,
  encodings TEXT NOT NULL,
  PRIMARY KEY (source, number)
)
