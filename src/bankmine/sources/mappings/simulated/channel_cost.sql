SELECT
    CASE channel
        WHEN 'POS' THEN 'card' WHEN 'ECOM' THEN 'online' WHEN 'ATM' THEN 'cash' WHEN 'TRF' THEN 'transfer'
        WHEN 'SO' THEN 'order' WHEN 'DD' THEN 'debit' WHEN 'CTR' THEN 'branch' WHEN 'BANK' THEN 'bank'
        ELSE channel
    END AS channel,
    cost AS unit_cost_minor,
    valid_from,
    TRY_CAST(valid_from AS TIMESTAMP) AS known_at
FROM channel_costs
