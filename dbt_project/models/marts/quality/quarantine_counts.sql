with counts as (select * from {{ source('landing', 'quarantine_counts') }}),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        counted_on,
        entity,
        column_name,
        reason,
        held_by,
        rows_count
    from counts
    where counted_on <= {{ as_of_date() }}
)

select * from final
