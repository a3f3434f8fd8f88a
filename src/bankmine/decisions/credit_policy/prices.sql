-- The price list at the run's cutoff: what a product costs the customer a year, and the bank to fund.
SELECT r.product_code, r.customer_rate AS list_rate, r.transfer_rate
FROM rate_history AS r
ORDER BY r.product_code
