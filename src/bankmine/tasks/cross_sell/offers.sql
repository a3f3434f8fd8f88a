-- The bank's offers with what making one costs: the offer itself and one use of its channel.
SELECT o.offer_id, o.product_code, o.channel, o.eligibility_rule,
  coalesce(o.cost_minor, 0) + coalesce(c.unit_cost_minor, 0) AS cost_minor
FROM offer AS o
LEFT JOIN channel_cost AS c ON c.channel = o.channel
ORDER BY o.offer_id
