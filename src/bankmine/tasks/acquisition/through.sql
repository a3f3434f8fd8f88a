-- How many payments of the last 12 months went between each counterparty and the customer it deals with most.
SELECT
    a.counterparty_id,
    count(*) AS transfers
FROM asked_ties AS a
INNER JOIN transaction AS t ON t.counterparty_id = a.counterparty_id AND t.customer_id = a.customer_id
WHERE t.status IN ('authorised', 'booked')
    AND t.category IN ('payroll', 'supplier', 'business_income', 'transfer_in', 'transfer_out', 'gift')
    AND t.event_time >= make_timestamptz($since)
GROUP BY a.counterparty_id
ORDER BY a.counterparty_id
