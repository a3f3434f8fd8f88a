-- When customers of each segment are in the app or on the site, in the bank's time zone.
SELECT
    a.segment,
    isodow(timezone($zone, d.event_time)) AS weekday,
    hour(timezone($zone, d.event_time)) // 6 AS part,
    count(*) AS steps
FROM digital_event AS d
INNER JOIN asked_segments AS a ON a.customer_id = d.customer_id
WHERE d.event_time >= make_timestamptz($since)
GROUP BY a.segment, weekday, part
ORDER BY a.segment, weekday, part
