-- Steps on screens of each asked customer in a window, by page.
SELECT r.row_number, 'screen: ' || coalesce(e.page, e.event) AS kind, count(e.event) AS times
FROM asked_rows AS r
INNER JOIN digital_event AS e
  ON e.customer_id = r.customer_id
  AND e.event_time >= r.window_from
  AND e.event_time < r.window_to
GROUP BY r.row_number, 'screen: ' || coalesce(e.page, e.event)
