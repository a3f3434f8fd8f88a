-- Granted applications with an outcome that may be learnt from, and how many of them went bad.
SELECT count(*) AS applications, count(*) FILTER (WHERE bad) AS bads
FROM credit_application
WHERE event_time >= make_timestamptz($since) AND event_time < make_timestamptz($until) AND bad IS NOT NULL
