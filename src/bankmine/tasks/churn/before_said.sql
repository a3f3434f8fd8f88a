-- What each asked customer said to the bank in a window, by kind and topic.
SELECT
  r.row_number, e.kind || CASE WHEN e.kind = 'complaint' THEN coalesce(' about ' || e.topic, '') ELSE '' END AS kind,
  count(e.kind) AS times
FROM asked_rows AS r
INNER JOIN interaction AS e
  ON e.customer_id = r.customer_id
  AND e.event_time >= r.window_from
  AND e.event_time < r.window_to
GROUP BY r.row_number, e.kind || CASE WHEN e.kind = 'complaint' THEN coalesce(' about ' || e.topic, '') ELSE '' END
