-- Accounts that paid, within six hours of a login from abroad with a device its customer had never used, an
-- account they had never paid, over a collecting account that two customers or more paid so; or after the
-- limits had been raised by a device that more than one customer then used.
WITH first_use AS (
    SELECT customer, device, min(happened_at) AS since
    FROM digital
    WHERE device IS NOT NULL
    GROUP BY customer, device
), shared AS (
    SELECT device FROM digital GROUP BY device HAVING count(DISTINCT customer) >= 2
), strange AS (
    SELECT login.customer, login.device, login.happened_at,
           login.device IN (SELECT device FROM shared) AS shared_device
    FROM digital login
    JOIN first_use ON first_use.customer = login.customer AND first_use.device = login.device
     AND login.happened_at <= first_use.since + INTERVAL 1 DAY
    WHERE login.event = 'login' AND login.ip_country <> 'SG'
), first_paid AS (
    SELECT account, counterparty, min(booked_at) AS since
    FROM transactions
    WHERE dc = 'D' AND counterparty IS NOT NULL
    GROUP BY account, counterparty
), ordered AS (
    SELECT DISTINCT sent.account, sent.counterparty, strange.shared_device
    FROM strange
    JOIN transactions sent ON sent.device = strange.device AND sent.dc = 'D' AND sent.channel = 'TRF'
     AND sent.booked_at BETWEEN strange.happened_at AND strange.happened_at + INTERVAL 6 HOUR
    JOIN first_paid ON first_paid.account = sent.account AND first_paid.counterparty = sent.counterparty
     AND first_paid.since >= strange.happened_at
), collecting AS (
    SELECT counterparty FROM ordered GROUP BY counterparty HAVING count(DISTINCT account) >= 2
)
SELECT DISTINCT account
FROM ordered
WHERE shared_device OR counterparty IN (SELECT counterparty FROM collecting)
