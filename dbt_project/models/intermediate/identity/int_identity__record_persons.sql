-- Grain: one row per source record that has identifiers.
{{ record_persons_of() }}
