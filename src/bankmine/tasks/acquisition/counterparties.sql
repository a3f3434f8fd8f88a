-- People and firms on the other side of payments, with the customer they deal with most, as known at the cutoff.
WITH ties AS (
    SELECT counterparty_id, customer_id, base_minor
    FROM transaction
    WHERE counterparty_id IS NOT NULL AND status IN ('authorised', 'booked')
        AND category IN ('payroll', 'supplier', 'business_income', 'transfer_in', 'transfer_out', 'gift')
        AND event_time >= make_timestamptz($since)
),
tied AS (
    SELECT
        counterparty_id,
        count(*) AS payments,
        count(DISTINCT customer_id) AS customers,
        sum(base_minor) AS money_minor
    FROM ties
    GROUP BY counterparty_id
    HAVING count(*) >= $least_payments AND count(DISTINCT customer_id) <= $most_customers
),
nearest AS (
    SELECT counterparty_id, customer_id
    FROM ties
    GROUP BY counterparty_id, customer_id
    QUALIFY row_number() OVER (
        PARTITION BY counterparty_id ORDER BY sum(base_minor) DESC, customer_id
    ) = 1
)
SELECT
    d.counterparty_id,
    n.customer_id,
    CAST(d.money_minor AS BIGINT) AS value_minor,
    c.bank,
    c.resolved_customer_id
FROM tied d
JOIN nearest n ON n.counterparty_id = d.counterparty_id
LEFT JOIN counterparty c ON c.counterparty_id = d.counterparty_id
WHERE c.resolved_customer_id IS NULL OR c.resolved_customer_id <> n.customer_id
ORDER BY d.counterparty_id
