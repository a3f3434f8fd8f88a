-- Unemployment of each region in the newest period known at the cutoff, and about half a year before.
SELECT
  region_id,
  arg_max(unemployment, period_from) AS unemployment,
  arg_max(unemployment, period_from) FILTER (WHERE period_from < CAST(make_timestamptz($eight) AS DATE)) AS before
FROM region
WHERE period_from < CAST(make_timestamptz($at) AS DATE)
GROUP BY region_id
