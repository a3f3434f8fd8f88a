-- Accounts that at least five others paid 500 to 5,000 SGD each within six weeks, most of it sent on soon.
WITH paid_in AS (
    SELECT account, counterparty, booked_at, base
    FROM transactions
    WHERE dc = 'C' AND channel = 'TRF' AND category = 'transfer_in' AND status = 'B'
      AND base BETWEEN 50000 AND 500000
), weeks AS (
    SELECT seed.account, seed.booked_at AS begins, count(DISTINCT other.counterparty) AS payers,
           sum(other.base) AS received
    FROM paid_in seed
    JOIN paid_in other ON other.account = seed.account
     AND other.booked_at BETWEEN seed.booked_at AND seed.booked_at + INTERVAL 40 DAY
    GROUP BY ALL
    HAVING count(DISTINCT other.counterparty) >= 5
)
SELECT DISTINCT account
FROM weeks
WHERE (
    SELECT sum(sent.base)
    FROM transactions sent
    WHERE sent.account = weeks.account AND sent.dc = 'D' AND sent.channel = 'TRF' AND sent.base >= 50000
      AND sent.booked_at BETWEEN weeks.begins AND weeks.begins + INTERVAL 50 DAY
) BETWEEN 0.6 * received AND 2.0 * received
