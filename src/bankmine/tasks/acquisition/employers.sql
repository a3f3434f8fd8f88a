-- Whom companies that are customers paid wages in the twelve months before the cutoff, one row a payee.
SELECT
    t.customer_id,
    t.counterparty_id,
    c.resolved_customer_id IS NOT NULL AS already,
    CAST(sum(t.base_minor) AS DOUBLE) / 12 AS money_minor
FROM transaction t
LEFT JOIN counterparty c ON c.counterparty_id = t.counterparty_id
WHERE t.category = 'payroll' AND t.direction = 'out' AND t.status IN ('authorised', 'booked')
    AND t.counterparty_id IS NOT NULL AND t.event_time >= make_timestamptz($since)
GROUP BY ALL
ORDER BY t.customer_id, t.counterparty_id
