-- Small blobs lie together in packs; references of an owner may be temporary. Times are microseconds since 1970.
CREATE TABLE blob_pack (
  number {bigserial},
  pack TEXT NOT NULL UNIQUE,
  bytes BIGINT NOT NULL,
  stored_at BIGINT NOT NULL
)
;;
-- A packed blob has its row here and none in blob.
CREATE TABLE packed_blob (
  sha256 {text} NOT NULL PRIMARY KEY,
  pack BIGINT NOT NULL,
  position BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  stored_at BIGINT NOT NULL
--:sqlite
) WITHOUT ROWID
--:postgres
)
--:all
;;
CREATE INDEX packed_blob_by_pack ON packed_blob (pack)
;;
-- While an owner has a row here, its references hold only until then.
CREATE TABLE blob_lease (
  owner {text} NOT NULL PRIMARY KEY,
  until BIGINT NOT NULL
)
;;
CREATE INDEX blob_lease_by_time ON blob_lease (until)
;;
