-- What the two books of the yearly bridge kept, that of A and that of all other tiers (by the tier at
-- the start of the twelve months), and whether the base erodes: it kept less than a year before while
-- the book of A grew. Windows a month apart share eleven months and fall by chance.
with movements as (
    select * from {{ ref('int_retention__movements') }}
    where comparison = 'year_over_year' and measure = 'revenue'
),

sums as (
    select
        month_end,
        opening_to,
        {{ money_sum("case when tier = 'A' then opening_amount end") }} as a_opening_amount,
        {{ money_sum("case when tier = 'A' then closing_amount end") }} as a_closing_amount,
        {{ money_sum("case when tier = 'A' then least(opening_amount, closing_amount) end") }}
            as a_retained_amount,
        {{ money_sum("case when tier is distinct from 'A' then opening_amount end") }}
            as base_opening_amount,
        {{ money_sum("case when tier is distinct from 'A'
            then least(opening_amount, closing_amount) end") }} as base_retained_amount
    from movements
    group by month_end, opening_to
),

final as (
    select
        sums.month_end,
        sums.a_opening_amount,
        sums.a_closing_amount,
        sums.a_retained_amount,
        sums.base_opening_amount,
        sums.base_retained_amount,
        before.base_opening_amount as former_opening_amount,
        before.base_retained_amount as former_retained_amount,
        coalesce(
            sums.base_opening_amount > 0
            and before.base_opening_amount > 0
            and {{ cents('sums.base_retained_amount') }} * {{ cents('before.base_opening_amount') }}
                < {{ cents('before.base_retained_amount') }} * {{ cents('sums.base_opening_amount') }}
            and sums.a_opening_amount > 0
            and sums.a_closing_amount > sums.a_opening_amount, false
        ) as is_base_eroding
    from sums
    left join sums as before on before.month_end = sums.opening_to
)

select * from final
