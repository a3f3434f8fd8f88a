-- Accounts that at least twice in six weeks send 88 to 100 % of what came in to another bank within three days.
WITH passed AS (
    SELECT DISTINCT received.account, received.booked_at
    FROM transactions received
    JOIN transactions sent ON sent.account = received.account
     AND sent.booked_at BETWEEN received.booked_at AND received.booked_at + INTERVAL 3 DAY
     AND sent.base BETWEEN 0.88 * received.base AND received.base
    WHERE received.dc = 'C' AND sent.dc = 'D' AND received.channel = 'TRF' AND sent.channel = 'TRF'
      AND received.category = 'transfer_in' AND sent.category = 'transfer_out'
      AND received.status = 'B' AND sent.status = 'B' AND received.base >= 80000
      AND received.counterparty >= 9000000000 AND sent.counterparty >= 9000000000
)
SELECT DISTINCT one.account
FROM passed one
JOIN passed two ON two.account = one.account AND two.booked_at > one.booked_at
 AND two.booked_at < one.booked_at + INTERVAL 43 DAY
