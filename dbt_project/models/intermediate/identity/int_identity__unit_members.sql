-- The accounts of each tier unit, in periods in which they stay the same.
{{ unchanged_members('tier_unit_id') }}
