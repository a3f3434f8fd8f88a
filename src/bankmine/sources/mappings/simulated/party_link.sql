SELECT from_party AS from_id, to_party AS to_id, kind, valid_from, valid_to
FROM links
