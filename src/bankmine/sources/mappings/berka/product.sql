-- Products as the extract tells them apart; they are older than its first day.
SELECT
    column0 AS product_code,
    column1 AS name,
    column2 AS family,
    DATE '1992-12-31' AS known_at
FROM (
    VALUES
        ('current_monthly', 'Current account, monthly statement', 'current'),
        ('current_weekly', 'Current account, weekly statement', 'current'),
        ('current_per_transaction', 'Current account, statement after each transaction', 'current'),
        ('loan', 'Loan', 'loan'),
        ('card_junior', 'Junior card', 'card'),
        ('card_classic', 'Classic card', 'card'),
        ('card_gold', 'Gold card', 'card')
) AS listed (column0, column1, column2)
