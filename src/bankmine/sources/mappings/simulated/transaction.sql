SELECT
    t.txn_no AS transaction_id,
    t.account AS account_id,
    t.person AS initiated_by,
    t.card AS card_id,
    t.amount AS amount_minor,
    t.ccy AS currency,
    CASE t.dc WHEN 'C' THEN 'in' WHEN 'D' THEN 'out' ELSE t.dc END AS direction,
    CASE t.channel
        WHEN 'POS' THEN 'card' WHEN 'ECOM' THEN 'online' WHEN 'ATM' THEN 'cash' WHEN 'TRF' THEN 'transfer'
        WHEN 'SO' THEN 'order' WHEN 'DD' THEN 'debit' WHEN 'CTR' THEN 'branch' WHEN 'BANK' THEN 'bank'
        ELSE t.channel
    END AS channel,
    t.entry AS entry_mode,
    CASE t.status
        WHEN 'B' THEN 'booked' WHEN 'D' THEN 'declined' WHEN 'A' THEN 'authorised' ELSE t.status
    END AS status,
    t.reversal_of,
    t.category,
    m.mcc,
    t.merchant AS merchant_id,
    t.terminal AS terminal_id,
    coalesce(s.region, m.region) AS city,
    coalesce(s.lat, m.lat) AS lat,
    coalesce(s.lon, m.lon) AS lon,
    t.country,
    t.counterparty AS counterparty_id,
    t.cp_bank AS counterparty_bank,
    t.balance_after AS balance_after_minor,
    t.device AS device_id,
    t.text AS description,
    t.booked_at AS event_time,
    t.recorded_at AS known_at,
    t.withdrawn AS cancelled
FROM transactions AS t
LEFT JOIN merchants AS m ON m.merchant = t.merchant
LEFT JOIN terminals AS s ON s.terminal = t.terminal
