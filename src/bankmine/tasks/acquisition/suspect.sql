-- Counterparties that deal with accounts, customers or payments of which an investigation has confirmed the worst.
WITH verdict AS (
    SELECT subject_kind, subject_id FROM feedback WHERE verdict = 'confirmed'
)
SELECT DISTINCT t.counterparty_id
FROM transaction t
WHERE t.counterparty_id IS NOT NULL AND (
    t.account_id IN (SELECT subject_id FROM verdict WHERE subject_kind = 'account')
    OR t.customer_id IN (SELECT subject_id FROM verdict WHERE subject_kind = 'customer')
    OR t.transaction_id IN (SELECT subject_id FROM verdict WHERE subject_kind = 'transaction')
)
ORDER BY 1
