SELECT
    "order" AS order_id,
    account AS account_id,
    cp_bank AS counterparty_bank,
    amount AS amount_minor,
    category,
    valid_from,
    valid_to
FROM orders
