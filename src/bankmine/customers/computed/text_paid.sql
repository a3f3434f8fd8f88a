-- Salary and pension a month on the customer's accounts: the sum of the last $days days by the months it came in.
-- "asked" holds (asked_row, customer_id, cutoff, knowledge in µs).
WITH versions AS (
  SELECT a.asked_row, t.transaction_id, t.category, t.direction, t.status, t.base_minor, t.event_time, t.cancelled
  FROM asked AS a
  JOIN transaction_versions AS t
    ON t.customer_id = a.customer_id
    AND t.event_time < make_timestamptz(a.cutoff)
    AND t.event_time >= make_timestamptz(a.cutoff) - to_days(CAST($days AS INTEGER))
    AND t.known_at <= make_timestamptz(a.knowledge)
  QUALIFY row_number() OVER (
    PARTITION BY a.asked_row, t.transaction_id ORDER BY t.known_at DESC, t.load_number DESC
  ) = 1
)
SELECT
  asked_row,
  sum(base_minor) / count(DISTINCT date_trunc('month', timezone($zone, event_time))) AS paid
FROM versions
WHERE category IN ('salary', 'pension') AND direction = 'in' AND status IS DISTINCT FROM 'declined'
  AND NOT cancelled
GROUP BY asked_row ORDER BY asked_row
