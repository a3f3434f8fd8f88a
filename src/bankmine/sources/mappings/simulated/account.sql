SELECT
    account AS account_id,
    product AS product_code,
    branch AS branch_id,
    opened_on,
    closed_on,
    ccy AS currency,
    overdraft_limit AS overdraft_limit_minor,
    opened_on AS valid_from
FROM accounts
