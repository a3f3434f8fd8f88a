-- Steps in the app and on the site from $since on, in order; logins and logouts are no steps of a path.
SELECT
  customer_id,
  event_time,
  seq,
  session_id,
  concat_ws(' ',
    coalesce(nullif(page, 'home'), event),
    CASE WHEN event NOT IN ('view', 'login') AND page <> 'home' THEN event END,
    product_code
  ) AS step
FROM digital_event
WHERE customer_id IS NOT NULL
  AND event_time >= make_timestamptz($since)
  AND event NOT LIKE 'field\_%' ESCAPE '\'
  AND event <> 'logout'
