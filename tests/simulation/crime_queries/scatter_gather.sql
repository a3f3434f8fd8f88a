-- Accounts that pay three or more customers who pass nearly the same sum to one and the same account.
WITH passed AS (
    SELECT one.account AS origin, one.counterparty AS middle, two.counterparty AS destination, one.booked_at
    FROM transactions one
    JOIN transactions two ON two.account = one.counterparty
     AND two.booked_at BETWEEN one.booked_at AND one.booked_at + INTERVAL 15 DAY
     AND two.base BETWEEN 0.9 * one.base AND one.base
    WHERE one.dc = 'D' AND two.dc = 'D' AND one.channel = 'TRF' AND two.channel = 'TRF'
      AND one.status = 'B' AND two.status = 'B' AND one.base >= 80000
      AND two.counterparty BETWEEN 2000000000 AND 2999999999 AND two.counterparty <> one.account
)
SELECT DISTINCT origin
FROM passed
GROUP BY origin, destination
HAVING count(DISTINCT middle) >= 3
