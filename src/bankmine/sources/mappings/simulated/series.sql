SELECT
    series AS series_id,
    entity_kind,
    entity AS entity_id,
    value,
    unit,
    frequency,
    happened_at AS event_time,
    published_at AS known_at
FROM figures
