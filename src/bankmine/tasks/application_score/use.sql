-- What was paid out in the categories of a stated purpose, in the days before the application and in those after it.
-- "asked_rows": row_number, customer_id, at (the application), purpose; "purpose_categories": purpose, category.
SELECT
  r.row_number,
  coalesce(sum(t.base_minor) FILTER (WHERE t.event_time < r.at), 0) AS before_minor,
  coalesce(sum(t.base_minor) FILTER (WHERE t.event_time >= r.at), 0) AS after_minor
FROM asked_rows AS r
LEFT JOIN purpose_categories AS p ON p.purpose = r.purpose
LEFT JOIN customer_transaction AS t
  ON t.customer_id = r.customer_id AND CAST(t.category AS VARCHAR) = p.category AND t.direction = 'out'
  AND t.status <> 'declined'
  AND t.event_time >= r.at - INTERVAL 90 DAY AND t.event_time < r.at + INTERVAL 90 DAY
GROUP BY r.row_number
ORDER BY r.row_number
