-- Who sent all that lies in a pack: one row in place of one for each blob of it, whose digests are random and touch the whole tree of project_blob.
--:sqlite
CREATE TABLE project_pack (
  pack BIGINT NOT NULL,
  project TEXT NOT NULL,
  PRIMARY KEY (pack, project)
) WITHOUT ROWID
--:postgres
CREATE TABLE project_pack (
  pack BIGINT NOT NULL,
  project {text} NOT NULL,
  PRIMARY KEY (pack, project)
)
--:all
;;
