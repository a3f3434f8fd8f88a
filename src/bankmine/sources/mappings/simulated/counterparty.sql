SELECT
    counterparty AS counterparty_id,
    bank,
    counterparty AS account_token,
    customer AS resolved_customer_id,
    first_seen AS valid_from
FROM counterparties
