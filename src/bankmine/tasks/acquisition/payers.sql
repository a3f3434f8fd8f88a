-- Accounts at other banks that many customers are paid by, or pay: employers and merchants to win themselves.
SELECT
    t.counterparty_id,
    any_value(c.bank) AS bank,
    CASE WHEN t.direction = 'in' THEN 'pays wages to' ELSE 'is paid by' END AS kind,
    count(DISTINCT t.customer_id) AS heads,
    CAST(sum(t.base_minor) AS DOUBLE) / 12 AS money_minor
FROM transaction t
JOIN counterparty c ON c.counterparty_id = t.counterparty_id
WHERE c.resolved_customer_id IS NULL AND t.status IN ('authorised', 'booked')
    AND t.event_time >= make_timestamptz($since)
    AND (t.direction = 'out' OR t.category = 'salary')
    AND coalesce(t.category, '') NOT IN ('tax', 'savings')
GROUP BY t.counterparty_id, t.direction
HAVING heads >= $least
ORDER BY money_minor DESC, t.counterparty_id, kind
