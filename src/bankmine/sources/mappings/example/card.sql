SELECT
    card_id,
    account_id,
    customer_id,
    'debit' AS kind,
    as_day(issued_on, '%Y-%m-%d') AS issued_on,
    as_day(issued_on, '%Y-%m-%d') AS valid_from
FROM cards
