-- Secrets of projects. Values are sealed with a key that is not in the database. Times are microseconds since 1970.
CREATE TABLE project_secret (
  project {text} NOT NULL,
  name {text} NOT NULL,
  key_id TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (project, name)
)
;;
