-- Digests are random: a tree with them as its keys is touched everywhere by every pack, and the more pages it has, the more are
-- written. Packed blobs are numbered as they come, and who needs one says its number. On SQLite the first digits of the digest alone lead to
-- the number; the row says which blob it is.
--:sqlite
ALTER TABLE packed_blob RENAME TO packed_blob_of_before
;;
DROP INDEX packed_blob_by_pack
;;
CREATE TABLE packed_blob (
  id {bigserial},
  sha256 TEXT NOT NULL,
  pack BIGINT NOT NULL,
  position BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  stored_at BIGINT NOT NULL
)
;;
INSERT INTO packed_blob (sha256, pack, position, bytes, stored_at) SELECT sha256, pack, position, bytes, stored_at FROM packed_blob_of_before ORDER BY pack, position
;;
DROP TABLE packed_blob_of_before
;;
CREATE INDEX packed_blob_by_pack ON packed_blob (pack)
;;
CREATE INDEX packed_blob_by_digest ON packed_blob (substr(sha256, 1, 10))
;;
--:postgres
ALTER TABLE packed_blob ADD COLUMN id BIGINT GENERATED ALWAYS AS IDENTITY
;;
CREATE UNIQUE INDEX packed_blob_by_id ON packed_blob (id)
;;
--:all
-- Who needs a packed blob. A reference to any other, and to one that was lost, has its row in blob_reference.
--:sqlite
CREATE TABLE packed_reference (
  owner TEXT NOT NULL,
  blob BIGINT NOT NULL,
  PRIMARY KEY (owner, blob)
) WITHOUT ROWID
;;
INSERT INTO packed_reference (owner, blob)
SELECT r.owner, p.id FROM blob_reference r CROSS JOIN packed_blob p WHERE substr(p.sha256, 1, 10) = substr(r.sha256, 1, 10) AND p.sha256 = r.sha256
;;
DELETE FROM blob_reference WHERE EXISTS (
  SELECT 1 FROM packed_blob p WHERE substr(p.sha256, 1, 10) = substr(blob_reference.sha256, 1, 10) AND p.sha256 = blob_reference.sha256)
;;
--:postgres
CREATE TABLE packed_reference (
  owner {text} NOT NULL,
  blob BIGINT NOT NULL,
  PRIMARY KEY (owner, blob)
)
;;
INSERT INTO packed_reference (owner, blob) SELECT r.owner, p.id FROM blob_reference r JOIN packed_blob p ON p.sha256 = r.sha256
;;
DELETE FROM blob_reference WHERE EXISTS (SELECT 1 FROM packed_blob p WHERE p.sha256 = blob_reference.sha256)
;;
--:all
CREATE INDEX packed_reference_by_blob ON packed_reference (blob)
;;
