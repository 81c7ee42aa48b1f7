-- What the right answers would have been, by inference id and row. Times are microseconds since 1970; 'answered_at' is the inference id's own.
CREATE TABLE inference_feedback (
  inference {text} NOT NULL,
  item INTEGER NOT NULL,
  project {text} NOT NULL,
  deployment {text} NOT NULL,
  model TEXT NOT NULL,
  model_version BIGINT NOT NULL,
  answered_at BIGINT NOT NULL,
  given_at BIGINT NOT NULL,
  label TEXT NULL,
  value DOUBLE PRECISION NULL,
  answered_label TEXT NULL,
  answered_value DOUBLE PRECISION NULL,
  PRIMARY KEY (inference, item)
)
;;
CREATE INDEX inference_feedback_by_deployment ON inference_feedback (deployment, answered_at, inference, item)
;;
CREATE INDEX inference_feedback_by_time ON inference_feedback (answered_at)
;;
