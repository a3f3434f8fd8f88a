-- Applications by civil year: what was decided of them, and how many outcomes are known.
SELECT
  year(a.event_time AT TIME ZONE $zone) AS year,
  count(*) AS applications,
  count(*) FILTER (WHERE a.decision = 'approved') AS approved,
  count(*) FILTER (WHERE a.decision = 'declined') AS declined,
  count(*) FILTER (WHERE a.decision = 'withdrawn') AS withdrawn,
  count(*) FILTER (WHERE a.decision IS NULL) AS undecided,
  count(a.bad) AS known,
  count(*) FILTER (WHERE a.bad) AS bad
FROM credit_application AS a
GROUP BY 1
ORDER BY 1
