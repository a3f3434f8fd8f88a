-- Accounts that pay at least five others 700 to 4,500 SGD within six weeks of one payment that covers them all.
WITH sent AS (
    SELECT account, counterparty, booked_at, base
    FROM transactions
    WHERE dc = 'D' AND channel = 'TRF' AND category = 'transfer_out' AND status = 'B'
      AND base BETWEEN 60000 AND 500000
), received AS (
    SELECT account, booked_at, base
    FROM transactions
    WHERE dc = 'C' AND channel = 'TRF' AND category = 'transfer_in' AND status = 'B' AND base >= 400000
)
SELECT account
FROM (
    SELECT received.account, received.booked_at
    FROM received
    JOIN sent ON sent.account = received.account
     AND sent.booked_at BETWEEN received.booked_at AND received.booked_at + INTERVAL 36 DAY
    GROUP BY received.account, received.booked_at, received.base
    HAVING count(DISTINCT sent.counterparty) >= 5
       AND sum(sent.base) BETWEEN 0.7 * received.base AND 1.3 * received.base
)
GROUP BY account
