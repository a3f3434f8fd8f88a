-- Links that stand at the cutoff.
SELECT from_id, to_id, kind FROM party_link
