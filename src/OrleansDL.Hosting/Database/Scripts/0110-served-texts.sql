-- Of texts that models continued: tokens added, and sketches of the seconds to the first and of tokens per second after it. NULL: none.
ALTER TABLE serving_window ADD COLUMN tokens BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE serving_window ADD COLUMN first_token {bytes} NULL
;;
ALTER TABLE serving_window ADD COLUMN token_rate {bytes} NULL
;;
