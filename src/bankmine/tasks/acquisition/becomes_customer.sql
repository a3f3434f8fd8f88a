-- Whether a counterparty is known, by the end of the horizon, to be a customer's account.
WITH seen AS (
    SELECT counterparty_id, min(valid_from) AS since
    FROM counterparty_versions
    WHERE resolved_customer_id IS NOT NULL AND known_at <= make_timestamptz($known)
    GROUP BY counterparty_id
)
SELECT a.asked_row, coalesce(s.since < a.label_end, false) AS label
FROM asked_rows a LEFT JOIN seen s ON s.counterparty_id = a.counterparty_id
ORDER BY a.asked_row
