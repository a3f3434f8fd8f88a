-- Golden customers
-- Those whose money in the last 12 months lies in the top fifth, who hold at least three products and are not in arrears.
WITH moved AS (
    SELECT customer_id, sum(base_minor) AS moved_minor
    FROM customer_transaction
    WHERE status <> 'declined' AND event_time >= make_timestamptz($since)
    GROUP BY customer_id
),

products AS (
    SELECT customer_id, count(DISTINCT product_code) AS products
    FROM holding
    WHERE closed_on IS NULL
    GROUP BY customer_id
),

arrears AS (
    SELECT DISTINCT customer_id, true AS in_arrears FROM customer_condition WHERE condition = 'arrears'
),

known AS (
    SELECT
        c.customer_id,
        c.closed_on,
        coalesce(m.moved_minor, 0) AS moved_minor,
        coalesce(p.products, 0) AS products,
        coalesce(a.in_arrears, false) AS in_arrears
    FROM customer AS c
    LEFT JOIN moved AS m USING (customer_id)
    LEFT JOIN products AS p USING (customer_id)
    LEFT JOIN arrears AS a USING (customer_id)
)

SELECT customer_id
FROM known
WHERE moved_minor >= (SELECT quantile_disc(moved_minor, 0.8) FROM known WHERE closed_on IS NULL)
  AND products >= 3
  AND NOT in_arrears
  AND closed_on IS NULL
