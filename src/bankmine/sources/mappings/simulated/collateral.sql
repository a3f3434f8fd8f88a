SELECT loan AS loan_id, kind, value AS value_minor, valued_on, lien_rank, valued_on AS valid_from
FROM securities
