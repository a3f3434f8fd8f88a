-- Cards with three payments within 90 minutes at shops new to the customer, two of them for goods easy to sell.
-- The first four months only tell which shops are known.
WITH paid AS (
    SELECT card, booked_at, category,
           row_number() OVER (PARTITION BY account, merchant ORDER BY booked_at, txn_no) = 1 AS new_shop
    FROM transactions
    WHERE card IS NOT NULL AND merchant IS NOT NULL AND dc = 'D' AND status <> 'D'
), fresh AS (
    SELECT card, booked_at, (category IN ('electronics', 'clothing', 'household'))::INTEGER AS easy
    FROM paid
    WHERE new_shop AND booked_at >= (SELECT min(booked_at) FROM transactions) + INTERVAL 120 DAY
)
SELECT DISTINCT one.card
FROM fresh one
JOIN fresh two ON two.card = one.card
 AND two.booked_at BETWEEN one.booked_at AND one.booked_at + INTERVAL 90 MINUTE
GROUP BY one.card, one.booked_at
HAVING count(*) >= 3 AND sum(two.easy) >= 2
