-- The accounts of each customer, in periods in which they stay the same.
{{ unchanged_members('customer_key') }}
