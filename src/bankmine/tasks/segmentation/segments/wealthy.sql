-- Wealthy
-- Persons whose money with the bank lies in the top tenth of all persons.
WITH held AS (
    SELECT customer_id, sum(balance_minor) AS held_minor
    FROM (
        SELECT customer_id, account_id, arg_max(balance_minor, (event_time, seq)) AS balance_minor
        FROM customer_balance
        GROUP BY customer_id, account_id
    )
    GROUP BY customer_id
),

persons AS (
    SELECT c.customer_id, coalesce(h.held_minor, 0) AS held_minor, c.closed_on
    FROM customer AS c
    LEFT JOIN held AS h USING (customer_id)
    WHERE c.kind = 'person'
)

SELECT customer_id
FROM persons
WHERE held_minor >= (SELECT quantile_disc(held_minor, 0.9) FROM persons WHERE closed_on IS NULL)
  AND held_minor > 0
  AND closed_on IS NULL
