-- How far the outward event stream has delivered, per queue and project.
CREATE TABLE event_stream_position (
  queue {text} NOT NULL,
  project {text} NOT NULL,
  sequence BIGINT NOT NULL,
  PRIMARY KEY (queue, project)
)
;;
