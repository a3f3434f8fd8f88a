-- The balance at the end of a day: the last second of it.
SELECT
    account AS account_id,
    balance AS balance_minor,
    TRY_CAST(balance_date AS TIMESTAMP) + INTERVAL 86399 SECOND AS event_time
FROM balances
