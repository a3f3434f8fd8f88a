-- Each credit as it stands at the cutoff: what is left of it, how late it is, how it was used.
-- Principal and days past due are those told last; the days grow until the cutoff where the last event is an
-- instalment nobody has paid.
SELECT
  e.loan_id,
  any_value(e.customer_id) AS customer_id,
  coalesce(arg_max(e.principal_after_minor, (e.event_time, e.seq)), 0) AS principal,
  coalesce(arg_max(e.days_past_due, (e.event_time, e.seq)), 0)
    + CASE
        WHEN arg_max(e.kind, (e.event_time, e.seq)) = 'due' AND arg_max(e.amount_minor, (e.event_time, e.seq)) > 0
          THEN date_diff('day', max(e.event_time), make_timestamptz($at))
        ELSE 0
      END AS days_past_due,
  coalesce(bool_or(e.kind = 'written_off'), FALSE) AS written_off,
  coalesce(bool_or(e.kind = 'drawn'), FALSE) AS line,
  count(*) FILTER (WHERE e.late AND NOT e.late_before) AS late_year,
  count(*) FILTER (WHERE e.late) AS late_events,
  count(*) FILTER (WHERE e.kind = 'restructured' AND e.event_time >= make_timestamptz($year)) AS restructured,
  count(*) FILTER (WHERE e.kind = 'drawn' AND e.event_time >= make_timestamptz($half)) AS drawings,
  coalesce(sum(e.amount_minor) FILTER (WHERE e.kind = 'paid' AND e.event_time >= make_timestamptz($half)), 0)
    AS paid_half,
  coalesce(sum(e.amount_minor) FILTER (WHERE e.kind = 'due' AND e.event_time >= make_timestamptz($half)), 0)
    AS due_half
FROM (
  -- An episode is an unbroken run of events of the last twelve months at five or more days past due.
  SELECT
    *,
    coalesce(days_past_due >= 5 AND event_time >= make_timestamptz($year), FALSE) AS late,
    coalesce(
      lag(days_past_due >= 5 AND event_time >= make_timestamptz($year)) OVER (PARTITION BY loan_id ORDER BY event_time, seq),
      FALSE
    ) AS late_before
  FROM loan_event
) AS e
GROUP BY e.loan_id
