-- How often the bank declined a request of the customer in the year before the cutoff.
SELECT customer_id, count(*) AS refused
FROM credit_application
WHERE decision = 'declined' AND event_time >= make_timestamptz($year)
GROUP BY customer_id
