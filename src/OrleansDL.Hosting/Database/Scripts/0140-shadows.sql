-- What a generation did as a shadow: counts, and sketches of its seconds and of the differences of its numbers. NULL: none.
ALTER TABLE serving_window ADD COLUMN shadow_compared BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE serving_window ADD COLUMN shadow_agreed BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE serving_window ADD COLUMN shadow_failed BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE serving_window ADD COLUMN shadow_dropped BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE serving_window ADD COLUMN shadow_latency {bytes} NULL
;;
ALTER TABLE serving_window ADD COLUMN shadow_difference {bytes} NULL
;;
