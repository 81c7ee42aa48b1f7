-- What each node served, in windows of ten seconds. Sketches are stored in their own versioned form. Times are microseconds since 1970.
CREATE TABLE serving_window (
  deployment {text} NOT NULL,
  window_start BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  node {text} NOT NULL,
  project TEXT NOT NULL,
  model TEXT NOT NULL,
  model_version BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  errors BIGINT NOT NULL,
  statuses TEXT NOT NULL,
  labels TEXT NOT NULL,
  latency {bytes} NOT NULL,
  confidence {bytes} NOT NULL,
  PRIMARY KEY (deployment, window_start, generation, node)
)
;;
CREATE INDEX serving_window_by_start ON serving_window (window_start)
;;
