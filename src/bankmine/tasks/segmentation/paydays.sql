-- On which days of the month income comes to customers of each segment, in the bank's time zone.
SELECT
    a.segment,
    day(timezone($zone, t.event_time)) AS month_day,
    count(*) AS payments
FROM customer_transaction AS t
INNER JOIN asked_segments AS a ON a.customer_id = t.customer_id
WHERE t.direction = 'in'
  AND t.category IN ('salary', 'pension')
  AND t.event_time >= make_timestamptz($since)
GROUP BY a.segment, month_day
ORDER BY a.segment, month_day
