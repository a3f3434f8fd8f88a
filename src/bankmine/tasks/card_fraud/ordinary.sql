-- The amount that 95 of 100 card transactions before the first training day do not exceed.
SELECT CAST(quantile_disc(base_minor, 0.95) AS BIGINT) AS amount
FROM transaction
WHERE direction = 'out'
  AND event_time < make_timestamptz($before)
  AND known_at <= make_timestamptz($before)
