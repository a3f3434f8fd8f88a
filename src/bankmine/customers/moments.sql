-- What happened to one customer and is known at the cutoff: lane, day or instant, what, and a mark.
-- Each part is used where the bank has its tables; the parts are separated by lines of dashes.
-- tables: holding product
SELECT 'Products' AS lane, h.opened_on::VARCHAR AS at, 'took ' || coalesce(p.family, h.product_code) AS what, 'neutral' AS tone
FROM holding AS h
LEFT JOIN product AS p USING (product_code)
WHERE h.customer_id = $customer
UNION ALL
SELECT 'Products', h.closed_on::VARCHAR, 'gave up ' || coalesce(p.family, h.product_code), 'watch'
FROM holding AS h
LEFT JOIN product AS p USING (product_code)
WHERE h.customer_id = $customer AND h.closed_on IS NOT NULL
-- ----
-- tables: card
SELECT 'Cards', issued_on::VARCHAR, coalesce(kind, 'card') || ' card issued', 'neutral'
FROM card
WHERE customer_id = $customer AND issued_on IS NOT NULL
UNION ALL
SELECT 'Cards', closed_on::VARCHAR, coalesce(kind, 'card') || ' card closed', 'watch'
FROM card
WHERE customer_id = $customer AND closed_on IS NOT NULL
-- ----
-- tables: loan
SELECT 'Loans', granted_on::VARCHAR, 'loan granted', 'neutral'
FROM loan
WHERE customer_id = $customer AND granted_on IS NOT NULL
-- ----
-- tables: loan_event
SELECT
  'Loans', timezone($zone, event_time)::DATE::VARCHAR,
  CASE WHEN kind IN ('restructured', 'written_off', 'recovered') THEN replace(kind, '_', ' ') ELSE 'first ' || days_past_due || ' days past due' END,
  'bad'
FROM loan_event
WHERE customer_id = $customer
  AND (kind IN ('restructured', 'written_off', 'recovered') OR days_past_due >= 30)
QUALIFY row_number() OVER (PARTITION BY loan_id, kind IN ('restructured', 'written_off', 'recovered') ORDER BY event_time) = 1
-- ----
-- tables: interaction
SELECT
  'Voice', timezone($zone, event_time)::DATE::VARCHAR,
  kind || coalesce(' about ' || replace(topic, '_', ' '), '')
  || CASE WHEN rating IS NULL THEN '' ELSE ', rated ' || round(rating, 1) || ' of ' || coalesce(scale_max, 10) END
  || CASE WHEN kind = 'complaint' THEN CASE WHEN resolved_at IS NULL THEN ', not settled' ELSE ', settled' END ELSE '' END,
  CASE WHEN kind = 'complaint' AND resolved_at IS NULL THEN 'bad' WHEN kind = 'complaint' THEN 'watch' ELSE 'neutral' END
FROM interaction
WHERE customer_id = $customer
-- ----
-- tables: contact
SELECT
  'Contacts', timezone($zone, event_time)::DATE::VARCHAR,
  CASE WHEN arm = 'control' THEN 'held out of ' ELSE 'contacted by ' || coalesce(channel, '?') || ' for ' END
  || coalesce(offer_id, campaign_id, 'a campaign') || coalesce(', ' || response, ''),
  CASE WHEN response = 'accepted' THEN 'good' ELSE 'neutral' END
FROM contact
WHERE customer_id = $customer
-- ----
-- tables: customer_flag
SELECT 'Flags', timezone($zone, valid_from)::DATE::VARCHAR, replace(flag, '_', ' '), 'bad'
FROM customer_flag
WHERE customer_id = $customer
