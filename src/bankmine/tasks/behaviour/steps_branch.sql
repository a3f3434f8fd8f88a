-- Payments over the counter from $since on.
SELECT
  customer_id,
  event_time,
  seq,
  CAST(NULL AS BIGINT) AS session_id,
  concat_ws(' ', 'branch', CASE WHEN direction = 'in' THEN 'pays in' ELSE 'takes out' END) AS step
FROM customer_transaction
WHERE event_time >= make_timestamptz($since)
  AND channel = 'branch'
  AND status <> 'declined'
