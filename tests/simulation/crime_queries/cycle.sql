-- Accounts on a round of three to six payments among customers, later and a little smaller each.
WITH RECURSIVE legs AS (
    SELECT account AS payer, counterparty AS payee, booked_at, base
    FROM transactions
    WHERE dc = 'D' AND channel = 'TRF' AND category = 'transfer_out' AND status = 'B' AND base >= 150000
      AND counterparty BETWEEN 2000000000 AND 2999999999
), walks AS (
    SELECT payer AS first, payee AS last, booked_at AS begins, booked_at, base, [payer] AS members
    FROM legs
    UNION ALL
    SELECT walks.first, legs.payee, walks.begins, legs.booked_at, legs.base, list_append(walks.members, legs.payer)
    FROM walks
    JOIN legs ON legs.payer = walks.last AND legs.booked_at > walks.booked_at
     AND legs.booked_at < walks.begins + INTERVAL 45 DAY
     AND legs.base < walks.base AND legs.base > 0.9 * walks.base
    WHERE len(walks.members) < 6 AND walks.last <> walks.first
)
SELECT DISTINCT unnest(members) AS account
FROM walks
WHERE first = last AND len(members) >= 3
