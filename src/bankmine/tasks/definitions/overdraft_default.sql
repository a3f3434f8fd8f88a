-- True where the overdraft turns malignant before the horizon's end: the account is overdrawn without a break for
-- 90 days, or beyond its limit without a break for 30 days. The day that completes such a run counts, so a run may
-- have begun before the cutoff; a run still open is as long as it is at the horizon's end.
-- "asked_rows" holds the accounts (subject_id) with cutoff and label_end, which is exclusive.
WITH wanted AS (
  SELECT DISTINCT subject_id AS account_id FROM asked_rows
),
limits AS (
  SELECT account_id, coalesce(max(overdraft_limit_minor), 0) AS limit_minor FROM account GROUP BY account_id
),
booked AS (
  SELECT t.account_id, t.event_time, t.seq, t.balance_after_minor < 0 AS below,
    t.balance_after_minor < -coalesce(l.limit_minor, 0) AS beyond
  FROM transaction AS t
  SEMI JOIN wanted AS w ON w.account_id = t.account_id
  LEFT JOIN limits AS l ON l.account_id = t.account_id
  WHERE t.status = 'booked' AND t.balance_after_minor IS NOT NULL
),
counted AS (
  SELECT account_id, event_time, below, beyond,
    lead(event_time) OVER each AS next_time,
    count(*) FILTER (NOT below) OVER each AS breaks,
    count(*) FILTER (NOT beyond) OVER each AS breaks_beyond
  FROM booked
  WINDOW each AS (PARTITION BY account_id ORDER BY event_time, seq)
),
runs AS (
  SELECT account_id, min(event_time) AS since, 90 AS days,
    CASE WHEN count(*) = count(next_time) THEN max(next_time) END AS until
  FROM counted WHERE below GROUP BY account_id, breaks
  UNION ALL
  SELECT account_id, min(event_time), 30, CASE WHEN count(*) = count(next_time) THEN max(next_time) END
  FROM counted WHERE beyond GROUP BY account_id, breaks_beyond
)
SELECT r.row_number, count(u.since) > 0 AS label
FROM asked_rows AS r
LEFT JOIN runs AS u
  ON u.account_id = r.subject_id
  AND u.since + to_days(u.days) >= r.cutoff
  AND u.since + to_days(u.days) < r.label_end
  AND (u.until IS NULL OR u.until >= u.since + to_days(u.days))
GROUP BY r.row_number
ORDER BY r.row_number
