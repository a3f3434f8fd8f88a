-- Every spell of default of a loan known at the cutoff: from 90 days past due, or the write-off, until a payment
-- leaves nothing past due or nothing owed. A restructuring by itself ends no spell, a write-off is never over.
-- Days past due and principal that an event does not tell are those told last. "again": begun within nine months
-- of the end of the loan's spell before. "drawn" and "limit" are what of a line was drawn a year earlier (or when
-- first seen) and the limit of that day. $known: the cutoff.
WITH told AS (
  SELECT loan_id, kind, event_time, seq, greatest(event_time, known_at) AS known,
    last_value(principal_after_minor IGNORE NULLS) OVER so_far AS left_minor,
    coalesce(last_value(days_past_due IGNORE NULLS) OVER so_far, 0) AS past_due,
    bool_or(kind = 'written_off') OVER so_far AS lost,
    CASE WHEN kind = 'written_off' THEN coalesce(amount_minor, last_value(principal_after_minor IGNORE NULLS)
      OVER (PARTITION BY loan_id ORDER BY event_time, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
    END AS written_minor
  FROM loan_event
  WINDOW so_far AS (PARTITION BY loan_id ORDER BY event_time, seq ROWS UNBOUNDED PRECEDING)
),
marked AS (
  SELECT *, CASE
      WHEN lost OR (past_due >= 90 AND kind <> 'restructured') THEN TRUE
      WHEN kind IN ('paid', 'prepaid') AND (past_due = 0 OR left_minor = 0) THEN FALSE
    END AS mark
  FROM told
),
stood AS (
  SELECT *, coalesce(last_value(mark IGNORE NULLS) OVER (
    PARTITION BY loan_id ORDER BY event_time, seq ROWS UNBOUNDED PRECEDING), FALSE) AS bad
  FROM marked
),
edges AS (
  SELECT * FROM stood
  QUALIFY bad <> coalesce(lag(bad) OVER (PARTITION BY loan_id ORDER BY event_time, seq), FALSE)
),
spells AS (
  SELECT loan_id, bad, event_time AS at, known, coalesce(written_minor, left_minor) AS owed_minor,
    lead(event_time) OVER loan AS ended, lead(known) OVER loan AS ended_known,
    coalesce(lag(event_time) OVER loan > event_time - INTERVAL 9 MONTH, FALSE) AS again
  FROM edges
  WINDOW loan AS (PARTITION BY loan_id ORDER BY event_time, seq)
  QUALIFY bad
),
earlier AS (
  SELECT s.loan_id, s.at, t.event_time, t.left_minor AS drawn_minor
  FROM told AS t
  INNER JOIN spells AS s ON s.loan_id = t.loan_id AND t.event_time < s.at
  QUALIFY row_number() OVER (
    PARTITION BY s.loan_id, s.at
    ORDER BY t.event_time > s.at - INTERVAL 12 MONTH,
      CASE WHEN t.event_time > s.at - INTERVAL 12 MONTH THEN t.event_time END,
      t.event_time DESC, t.seq DESC
  ) = 1
),
lost AS (
  SELECT loan_id, sum(written_minor) AS written_minor FROM told WHERE kind = 'written_off' GROUP BY loan_id
),
versions AS (
  SELECT loan_id, valid_from, customer_id, term_months, principal_minor
  FROM loan_versions
  WHERE known_at <= $known AND valid_from <= $known
  QUALIFY row_number() OVER (PARTITION BY loan_id, valid_from ORDER BY known_at DESC, load_number DESC) = 1
),
agreed AS (
  SELECT s.loan_id, s.at, arg_max(v.customer_id, v.valid_from) AS customer_id,
    arg_max(v.term_months IS NULL, v.valid_from) AS is_line,
    coalesce(
      arg_max(v.principal_minor, v.valid_from) FILTER (v.valid_from <= coalesce(e.event_time, s.at)),
      arg_min(v.principal_minor, v.valid_from), 0
    ) AS limit_minor
  FROM spells AS s
  INNER JOIN versions AS v ON v.loan_id = s.loan_id
  LEFT JOIN earlier AS e ON e.loan_id = s.loan_id AND e.at = s.at
  GROUP BY s.loan_id, s.at
)
SELECT s.loan_id, a.customer_id, a.is_line, s.at, s.known, s.ended, s.ended_known, s.again, s.owed_minor,
  a.limit_minor, e.drawn_minor,
  CAST(CASE WHEN s.ended IS NULL THEN coalesce(w.written_minor, 0) ELSE 0 END AS BIGINT) AS written_minor,
  s.ended IS NULL AND w.loan_id IS NOT NULL AS written_off
FROM spells AS s
INNER JOIN agreed AS a ON a.loan_id = s.loan_id AND a.at = s.at
LEFT JOIN earlier AS e ON e.loan_id = s.loan_id AND e.at = s.at
LEFT JOIN lost AS w ON w.loan_id = s.loan_id
ORDER BY s.loan_id, s.at
