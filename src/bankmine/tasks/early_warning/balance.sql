-- The last balance stated in the three months before the cutoff, over all accounts of a customer.
SELECT customer_id, sum(last_minor) AS balance
FROM (
  SELECT customer_id, account_id, arg_max(balance_minor, (event_time, seq)) AS last_minor
  FROM customer_balance
  WHERE event_time >= make_timestamptz($recently)
  GROUP BY customer_id, account_id
)
GROUP BY customer_id
