-- Orders have no date: they are known from the day of the extract.
SELECT
    order_id,
    account_id,
    blank(bank_to) AS counterparty_bank,
    as_minor(amount) AS amount_minor,
    CASE blank(k_symbol)
        WHEN 'SIPO' THEN 'household'
        WHEN 'UVER' THEN 'loan_payment'
        WHEN 'POJISTNE' THEN 'insurance'
        WHEN 'LEASING' THEN 'leasing'
        ELSE blank(k_symbol)
    END AS category
FROM orders
