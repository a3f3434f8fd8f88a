-- Companies that are customers and pay wages to people at other banks, in the twelve months before the cutoff.
SELECT
    t.customer_id,
    count(DISTINCT t.counterparty_id) FILTER (c.resolved_customer_id IS NULL) AS heads,
    count(DISTINCT t.counterparty_id) FILTER (c.resolved_customer_id IS NOT NULL) AS already,
    CAST(sum(t.base_minor) FILTER (c.resolved_customer_id IS NULL) AS DOUBLE) / 12 AS money_minor
FROM transaction t
LEFT JOIN counterparty c ON c.counterparty_id = t.counterparty_id
WHERE t.category = 'payroll' AND t.direction = 'out' AND t.status IN ('authorised', 'booked')
    AND t.counterparty_id IS NOT NULL AND t.event_time >= make_timestamptz($since)
GROUP BY t.customer_id
HAVING heads > 0
ORDER BY heads DESC, money_minor DESC, t.customer_id
