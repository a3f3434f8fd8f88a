-- Accounts that paid within six hours of a login from abroad with a device no customer had ever used.
WITH ordered AS (
    SELECT DISTINCT sent.account, sent.counterparty, sent.device
    FROM digital login
    JOIN transactions sent ON sent.device = login.device AND sent.dc = 'D' AND sent.channel = 'TRF'
     AND sent.booked_at BETWEEN login.happened_at AND login.happened_at + INTERVAL 6 HOUR
    WHERE login.event = 'login' AND login.ip_country <> 'SG' AND login.device >= 3900000000
)
SELECT DISTINCT account
FROM ordered
