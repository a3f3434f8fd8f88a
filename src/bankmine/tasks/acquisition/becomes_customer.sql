-- Whether a counterparty was a customer's account by the end of the horizon, and known to be one when the label is.
SELECT a.asked_row, count(v.counterparty_id) > 0 AS label
FROM asked_rows a LEFT JOIN counterparty_versions v
    ON v.counterparty_id = a.counterparty_id AND v.resolved_customer_id IS NOT NULL
        AND v.valid_from < a.label_end AND v.known_at <= a.label_known
GROUP BY a.asked_row
ORDER BY a.asked_row
