-- Cross-border
-- Customers who pay in another country in at least 6 of the last 12 months, and there at least 15 % of the times.
WITH home AS (
    SELECT country
    FROM transaction
    WHERE country IS NOT NULL AND event_time >= make_timestamptz($since)
    GROUP BY country
    ORDER BY count(*) DESC, country
    LIMIT 1
),

paid AS (
    SELECT
        customer_id,
        count(*) AS payments,
        count(*) FILTER (WHERE country <> (SELECT country FROM home)) AS payments_abroad,
        count(DISTINCT date_trunc('month', event_time))
            FILTER (WHERE country <> (SELECT country FROM home)) AS months_abroad
    FROM customer_transaction
    WHERE direction = 'out'
      AND status <> 'declined'
      AND country IS NOT NULL
      AND merchant_id IS NOT NULL
      AND event_time >= make_timestamptz($since)
    GROUP BY customer_id
)

SELECT customer_id
FROM paid
WHERE months_abroad >= 6
  AND payments_abroad >= 0.15 * payments
