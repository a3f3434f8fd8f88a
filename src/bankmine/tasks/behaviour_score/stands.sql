-- Where each loan stands on a civil day, as known then: days past due counted on from the event that told them,
-- what is left (NULL where no event told it), and whether it was written off. What an event does not tell was
-- told last. Loans without an event by then do not stand anywhere.
SELECT loan_id,
  coalesce(past_due, 0)
  + CASE
    WHEN past_due > 0 THEN date_diff('day', CAST(timezone($zone, told_at) AS DATE), $day)
    WHEN kind = 'due' AND amount_minor > 0
      THEN date_diff('day', CAST(timezone($zone, event_time) AS DATE), $day)
    ELSE 0
  END AS past_due,
  left_minor,
  lost
FROM (
  SELECT loan_id, event_time, seq, kind, amount_minor,
    last_value(days_past_due IGNORE NULLS) OVER so_far AS past_due,
    last_value(CASE WHEN days_past_due IS NOT NULL THEN event_time END IGNORE NULLS) OVER so_far AS told_at,
    last_value(principal_after_minor IGNORE NULLS) OVER so_far AS left_minor,
    bool_or(kind = 'written_off') OVER (PARTITION BY loan_id) AS lost
  FROM loan_event
  WINDOW so_far AS (PARTITION BY loan_id ORDER BY event_time, seq ROWS UNBOUNDED PRECEDING)
)
QUALIFY row_number() OVER (PARTITION BY loan_id ORDER BY event_time DESC, seq DESC) = 1
ORDER BY loan_id
