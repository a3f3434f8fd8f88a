-- Current accounts whose overdraft is in use, or was in the last 90 days, and is not malignant yet; value: how far
-- the account is overdrawn. Malignant: overdrawn without a break for 90 days, or beyond the limit for 30.
-- What is overdrawn for longer than "since" looks back is malignant by then.
WITH open_accounts AS (
  SELECT a.account_id, coalesce(a.overdraft_limit_minor, 0) AS limit_minor
  FROM account AS a
  INNER JOIN product AS p ON p.product_code = a.product_code
  WHERE p.family = 'current' AND a.closed_on IS NULL
),
used AS (
  SELECT DISTINCT account_id FROM transaction
  WHERE status = 'booked' AND balance_after_minor < 0 AND event_time >= $since
),
booked AS (
  SELECT t.account_id, t.customer_id, t.event_time, t.balance_after_minor AS balance,
    count(*) FILTER (t.balance_after_minor >= 0) OVER later AS breaks,
    count(*) FILTER (t.balance_after_minor >= -o.limit_minor) OVER later AS breaks_beyond,
    row_number() OVER later AS place
  FROM transaction AS t
  INNER JOIN open_accounts AS o ON o.account_id = t.account_id
  SEMI JOIN used AS u ON u.account_id = t.account_id
  WHERE t.status = 'booked' AND t.balance_after_minor IS NOT NULL AND t.event_time >= $since
  WINDOW later AS (PARTITION BY t.account_id ORDER BY t.event_time DESC, t.seq DESC)
),
state AS (
  SELECT account_id, min(customer_id) AS customer_id, max(-balance) FILTER (place = 1) AS owed_minor,
    min(event_time) FILTER (breaks = 0) AS below_since,
    min(event_time) FILTER (breaks_beyond = 0) AS beyond_since,
    max(event_time) FILTER (balance < 0) AS last_below
  FROM booked
  GROUP BY account_id
)
SELECT s.account_id AS subject_id, s.customer_id, greatest(0, s.owed_minor) AS value_minor
FROM state AS s
INNER JOIN customer AS c ON c.customer_id = s.customer_id
WHERE ($kind = 'any' OR c.kind = $kind)
  AND (s.last_below >= $lately OR s.owed_minor > 0)
  AND (s.below_since IS NULL OR s.below_since > $lately)
  AND (s.beyond_since IS NULL OR s.beyond_since > $month_ago)
ORDER BY subject_id
