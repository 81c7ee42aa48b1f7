-- How far the reports of a run's ranks above 0 got; rank 0's are counted in the run's own row.
CREATE TABLE training_rank (
  run {text} NOT NULL,
  rank INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  report_sequence BIGINT NOT NULL,
  PRIMARY KEY (run, rank)
)
