-- What talking with each customer cost: calls, chats, complaints and surveys by channel, sessions in the app
-- and on the site by channel, and campaign contacts at their own cost.
WITH costs AS (
  SELECT p.month, c.channel, c.unit_cost_minor
  FROM periods AS p
  JOIN channel_cost_versions AS c
    ON c.valid_from < p.ends AND (c.valid_to IS NULL OR c.valid_to >= p.ends)
  WHERE p.cutoff = $cutoff AND c.known_at <= make_timestamptz($cutoff)
  QUALIFY row_number() OVER (
    PARTITION BY p.month, c.channel ORDER BY c.valid_from DESC, c.known_at DESC, c.load_number DESC
  ) = 1
),
uses AS (
  SELECT i.customer_id, p.month, p.quarter, i.channel, count(*) AS many
  FROM interaction AS i JOIN periods AS p ON i.event_time >= p.begins AND i.event_time < p.ends
  WHERE p.cutoff = $cutoff AND i.customer_id IS NOT NULL
  GROUP BY ALL
  UNION ALL
  SELECT d.customer_id, p.month, p.quarter, d.channel, count(DISTINCT d.session_id) AS many
  FROM digital_event AS d JOIN periods AS p ON d.event_time >= p.begins AND d.event_time < p.ends
  WHERE p.cutoff = $cutoff AND d.customer_id IS NOT NULL
  GROUP BY ALL
),
items AS (
  SELECT u.customer_id, u.quarter, 'channels' AS component, -u.many * c.unit_cost_minor AS amount_minor
  FROM uses AS u JOIN costs AS c ON c.month = u.month AND c.channel = u.channel
  UNION ALL
  SELECT k.customer_id, p.quarter, 'campaigns' AS component, -k.cost_minor AS amount_minor
  FROM contact AS k JOIN periods AS p ON k.event_time >= p.begins AND k.event_time < p.ends
  WHERE p.cutoff = $cutoff AND k.cost_minor > 0 AND k.customer_id IS NOT NULL
)
SELECT customer_id, quarter, component, CAST(1 AS BIGINT) AS owners,
  CAST(sum(amount_minor) AS BIGINT) AS amount_minor
FROM items
GROUP BY ALL
HAVING sum(amount_minor) <> 0
