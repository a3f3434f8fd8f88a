-- Links of party_link with the instants (µs) between which each version stands. With $known null a version
-- stands from when it was known until the next one was: the network as known at each instant. With $known
-- given, versions as known then: the network as corrected since. A version with a later valid_from takes the
-- place of an earlier one.
WITH seen AS (
  SELECT
    from_id, to_id, kind, epoch_us(valid_from) AS begins, epoch_us(valid_to) AS ends, epoch_us(known_at) AS told,
    load_number,
    CASE WHEN $known IS NULL THEN greatest(epoch_us(valid_from), epoch_us(known_at)) ELSE epoch_us(valid_from) END
      AS since
  FROM party_link_versions
  WHERE $known IS NULL OR known_at <= make_timestamptz($known)
)
SELECT s.from_id AS one, s.to_id AS other, s.kind, s.since, least(s.ends, min(o.since)) AS until
FROM seen AS s
LEFT JOIN seen AS o
  ON o.from_id = s.from_id AND o.to_id = s.to_id AND o.kind = s.kind
  AND (o.begins, o.told, o.load_number) > (s.begins, s.told, s.load_number)
GROUP BY s.from_id, s.to_id, s.kind, s.begins, s.told, s.load_number, s.since, s.ends
ORDER BY s.from_id, s.to_id, s.kind, s.since, until
