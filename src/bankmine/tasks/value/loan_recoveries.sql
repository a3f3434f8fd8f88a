-- Of all that was written off by the cutoff, and what came back of it.
SELECT coalesce(sum(amount_minor) FILTER (kind = 'written_off'), 0) AS lost_minor,
  coalesce(sum(amount_minor) FILTER (kind = 'recovered'), 0) AS recovered_minor
FROM loan_event
