-- Accounts with three or more cash deposits of 80 to 100 % of the 20,000 SGD threshold within six weeks.
WITH deposits AS (
    SELECT account, booked_at
    FROM transactions
    WHERE category = 'cash_deposit' AND dc = 'C' AND status = 'B' AND base BETWEEN 1600000 AND 1999999
)
SELECT DISTINCT one.account
FROM deposits one
JOIN deposits two ON two.account = one.account
 AND two.booked_at BETWEEN one.booked_at AND one.booked_at + INTERVAL 42 DAY
GROUP BY one.account, one.booked_at
HAVING count(*) >= 3
