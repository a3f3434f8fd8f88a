SELECT
    card AS card_id,
    account AS account_id,
    customer AS customer_id,
    kind,
    issued_on,
    expires_on,
    closed_on,
    card_limit AS limit_minor,
    issued_on AS valid_from
FROM cards
