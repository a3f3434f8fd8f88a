-- How often customers of each segment were contacted by each channel, and how often they accepted.
SELECT
    a.segment,
    c.channel,
    count(*) AS contacts,
    count(*) FILTER (WHERE c.response = 'accepted') AS accepted
FROM contact AS c
INNER JOIN asked_segments AS a ON a.customer_id = c.customer_id
WHERE c.channel IS NOT NULL AND (c.arm IS NULL OR c.arm = 'treated')
GROUP BY a.segment, c.channel
ORDER BY a.segment, c.channel
