{%- set kinds = ['delivery', 'quote', 'response', 'resolution'] -%}
-- The medians of the twelve months to a month-end, by account: a row without a value stands for each
-- month-end, and the window looks back from it.
with accounts as (select * from {{ ref('int_service__accounts') }}),

orders as (select * from {{ ref('int_service__order_times') }}),

cases as (select * from {{ ref('int_service__case_times') }}),

timed as (
    select
        account_id,
        time_kind,
        month_number,
        elapsed_days as elapsed,
        cast(null as date) as month_end
    from orders
    union all
    select
        account_id,
        time_kind,
        month_number,
        elapsed_seconds as elapsed,
        cast(null as date) as month_end
    from cases
    {%- for kind in kinds %}
    union all
    select
        account_id,
        '{{ kind }}' as time_kind,
        month_number,
        cast(null as bigint) as elapsed,
        month_end
    from accounts
    {%- endfor %}
),

windowed as (
    select
        account_id,
        time_kind,
        month_end,
        {{ median_over('elapsed', 'partition by account_id, time_kind order by month_number'
            ~ ' range between 11 preceding and current row') }} as median_elapsed
    from timed
),

final as (
    select
        month_end,
        account_id,
        {%- for kind in kinds %}
        max(case when time_kind = '{{ kind }}' then median_elapsed end)
            as {{ kind }}_{{ 'days' if loop.index <= 2 else 'seconds' }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from windowed
    where month_end is not null
    group by month_end, account_id
)

select * from final
