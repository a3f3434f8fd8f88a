-- What each customer bought and kept in each period between two edges.
WITH spent AS (
    SELECT e.period, t.customer_id, sum(t.base_minor) AS spent_minor
    FROM transaction t ASOF JOIN edges e ON t.event_time >= e.starts
    WHERE t.direction = 'out' AND t.status IN ('authorised', 'booked') AND t.counterparty_id IS NULL
    GROUP BY ALL
),
kept AS (
    SELECT period, customer_id, sum(mean_minor) AS balance_minor
    FROM (
        SELECT e.period, b.customer_id, b.account_id, avg(b.balance_minor) AS mean_minor
        FROM balance b ASOF JOIN edges e ON b.event_time >= e.starts
        GROUP BY ALL
    )
    WHERE mean_minor > 0
    GROUP BY ALL
)
SELECT
    coalesce(s.period, k.period) AS period,
    coalesce(s.customer_id, k.customer_id) AS customer_id,
    CAST(coalesce(s.spent_minor, 0) AS DOUBLE) AS spent_minor,
    CAST(coalesce(k.balance_minor, 0) AS DOUBLE) AS balance_minor
FROM spent s FULL JOIN kept k ON k.period = s.period AND k.customer_id = s.customer_id
ORDER BY 1, 2
