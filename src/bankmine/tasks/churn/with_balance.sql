-- Customers with an open relation on whose accounts usually more lies than on most customers', and of whose
-- money at least half is still there. Usually: the mean of each account's statements of the last 92 days, where it
-- is above zero; now: their latest statements. Each owner of a joint account
-- holds an equal share.
WITH every AS (
  SELECT
    customer_id, account_id, avg(balance_minor) AS usual_minor,
    max_by(balance_minor, (event_time, seq)) AS now_minor
  FROM customer_balance
  WHERE event_time >= make_timestamptz($quarter)
  GROUP BY customer_id, account_id
),
stated AS (
  SELECT
    customer_id, account_id, usual_minor / count(customer_id) OVER (PARTITION BY account_id) AS usual_minor,
    now_minor / count(customer_id) OVER (PARTITION BY account_id) AS now_minor
  FROM every
),
held AS (
  SELECT
    customer_id, CAST(sum(usual_minor ORDER BY account_id) AS BIGINT) AS usual_minor,
    sum(now_minor ORDER BY account_id) AS now_minor
  FROM stated
  WHERE usual_minor > 0
  GROUP BY customer_id
)
SELECT h.customer_id, h.usual_minor AS value_minor
FROM held AS h
INNER JOIN customer AS c ON c.customer_id = h.customer_id
WHERE c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
  AND h.now_minor >= 0.5 * h.usual_minor
  AND h.usual_minor >= (SELECT median(usual_minor) FROM held)
