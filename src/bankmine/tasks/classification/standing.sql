-- Standing
-- Prime, main account or side account, by the money that comes in during the period looked at. The limits are those of the period before: the top fifth and the lowest three tenths of customers with money coming in.
WITH earlier AS (
    SELECT customer_id, sum(base_minor) AS came_in
    FROM customer_transaction
    WHERE direction = 'in'
      AND status <> 'declined'
      AND event_time >= make_timestamptz($before)
      AND event_time < make_timestamptz($since)
    GROUP BY customer_id
),
limits AS (
    SELECT quantile_disc(came_in, 0.8) AS high, quantile_disc(came_in, 0.3) AS low
    FROM earlier
),
during AS (
    SELECT customer_id, sum(base_minor) AS came_in
    FROM customer_transaction
    WHERE direction = 'in'
      AND status <> 'declined'
      AND event_time >= make_timestamptz($since)
      AND event_time < make_timestamptz($until)
    GROUP BY customer_id
)
SELECT
    c.customer_id,
    CASE
        WHEN coalesce(d.came_in, 0) >= l.high THEN 'prime'
        WHEN coalesce(d.came_in, 0) > l.low THEN 'main account'
        ELSE 'side account'
    END AS class
FROM customer AS c
CROSS JOIN limits AS l
LEFT JOIN during AS d ON d.customer_id = c.customer_id
WHERE c.closed_on IS NULL AND l.high IS NOT NULL
