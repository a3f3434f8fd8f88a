SELECT
    loan AS loan_id,
    account AS account_id,
    customer AS customer_id,
    granted_on,
    principal AS principal_minor,
    term_months,
    instalment AS instalment_minor,
    rate,
    status,
    valid_from
FROM loans
