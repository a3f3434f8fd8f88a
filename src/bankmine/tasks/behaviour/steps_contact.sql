-- What customers told the bank from $since on: by call, chat or complaint, with the topic.
SELECT
  customer_id,
  event_time,
  seq,
  CAST(NULL AS BIGINT) AS session_id,
  concat_ws(' ', kind, CASE WHEN channel = 'branch' THEN 'in the branch' END, topic) AS step
FROM interaction
WHERE event_time >= make_timestamptz($since)
  AND kind <> 'survey'
