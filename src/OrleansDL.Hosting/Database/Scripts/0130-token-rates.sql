-- How many inference requests a token may make: a second on average, and at once (0: those of one second). NULL: any number.
ALTER TABLE token ADD COLUMN rate_per_second DOUBLE PRECISION NULL
;;
ALTER TABLE token ADD COLUMN rate_burst INTEGER NULL
;;
