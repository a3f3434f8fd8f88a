-- table: transaction
SELECT token('tx', trans_id) AS transaction_id, token('account', t.account_id) AS account_id,
  token('client', d.client_id) AS customer_id, true AS is_primary,
  CAST(round(amount * 100) AS BIGINT) AS amount_minor, 'CZK' AS currency,
  CAST(round(amount * 100) AS BIGINT) AS base_minor,
  CASE t.type WHEN 'PRIJEM' THEN 'in' ELSE 'out' END AS direction,
  CASE operation WHEN 'VKLAD' THEN 'cash' WHEN 'VYBER' THEN 'cash' WHEN 'VYBER KARTOU' THEN 'card'
    WHEN 'PREVOD NA UCET' THEN 'transfer' WHEN 'PREVOD Z UCTU' THEN 'transfer' END AS channel,
  'booked' AS status, nullif(trim(k_symbol), '') AS category,
  token('counterparty', account) AS counterparty_id, bank AS counterparty_bank,
  CAST(round(balance * 100) AS BIGINT) AS balance_after_minor, $event(date)
FROM trans t JOIN disp d ON d.account_id = t.account_id AND d.type = 'OWNER'
-- table: account
SELECT token('account', account_id) AS account_id, frequency AS product_code,
  CAST(district_id AS VARCHAR) AS branch_id, $day(date) AS opened_on, 'CZK' AS currency, $versioned(date)
FROM account
-- table: account_party
SELECT token('account', disp.account_id) AS account_id, token('client', client_id) AS customer_id,
  CASE type WHEN 'OWNER' THEN 'owner' ELSE 'authorised' END AS role, $versioned(date)
FROM disp JOIN account USING (account_id)
-- table: customer
SELECT token('client', client_id) AS customer_id, 'person' AS kind,
  1900 + birth_number // 10000 AS birth_year,
  CASE WHEN birth_number // 100 % 100 > 50 THEN 'female' ELSE 'male' END AS gender,
  CAST(client.district_id AS VARCHAR) AS region_id, $day(date) AS since, $versioned(date)
FROM client JOIN disp USING (client_id) JOIN account USING (account_id)
-- table: region
SELECT CAST(A1 AS VARCHAR) AS region_id, DATE '1995-01-01' AS period_from, A2 AS name, A3 AS province,
  A4 AS population, A10 / 100 AS urban_share, A11 * 100 AS average_wage_minor, A12 / 100 AS unemployment,
  A14 AS entrepreneurs_per_1000, A15 AS crimes,
  timezone('Europe/Prague', TIMESTAMP '1999-01-01') AS known_at
FROM district
-- table: card
SELECT token('card', card_id) AS card_id, token('account', account_id) AS account_id,
  token('client', client_id) AS customer_id, card.type AS kind, $day(issued) AS issued_on,
  $versioned(issued)
FROM card JOIN disp USING (disp_id)
-- table: loan
SELECT token('loan', loan_id) AS loan_id, token('account', loan.account_id) AS account_id,
  token('client', client_id) AS customer_id, $day(date) AS granted_on, amount * 100 AS principal_minor,
  duration AS term_months, CAST(payments * 100 AS BIGINT) AS instalment_minor, $versioned(date)
FROM loan JOIN disp ON disp.account_id = loan.account_id AND disp.type = 'OWNER'
-- table: standing_order
SELECT token('order', order_id) AS order_id, token('account', o.account_id) AS account_id,
  token('client', client_id) AS customer_id, true AS is_primary, bank_to AS counterparty_bank,
  CAST(round(amount * 100) AS BIGINT) AS amount_minor, nullif(trim(k_symbol), '') AS category, $undated
FROM "order" o JOIN disp ON disp.account_id = o.account_id AND disp.type = 'OWNER'
