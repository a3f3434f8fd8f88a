-- Terminals that at least two cards, a fifth of a month's visitors, had used 2 to 42 days before a confirmed
-- fraud online.
WITH online_fraud AS (
    SELECT DISTINCT bad.card, min(bad.booked_at) AS misused_at
    FROM feedback
    JOIN transactions bad ON bad.txn_no = feedback.subject
    WHERE feedback.subject_kind = 'transaction' AND feedback.verdict = 'confirmed' AND bad.channel = 'ECOM'
    GROUP BY bad.card
), visits AS (
    SELECT DISTINCT terminal, card, date_trunc('month', booked_at) AS month
    FROM transactions
    WHERE terminal IS NOT NULL AND card IS NOT NULL AND channel = 'POS' AND status <> 'D'
), seen AS (
    SELECT DISTINCT visit.terminal, visit.card, date_trunc('month', visit.booked_at) AS month
    FROM transactions visit
    JOIN online_fraud ON online_fraud.card = visit.card
     AND visit.booked_at BETWEEN misused_at - INTERVAL 42 DAY AND misused_at - INTERVAL 2 DAY
    WHERE visit.channel = 'POS' AND visit.status <> 'D'
)
SELECT terminal
FROM seen
GROUP BY terminal, month
HAVING count(*) >= 2
   AND count(*) >= 0.2 * (
       SELECT count(*) FROM visits WHERE visits.terminal = seen.terminal AND visits.month = seen.month
   )
