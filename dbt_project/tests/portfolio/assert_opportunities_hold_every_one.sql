-- Every opportunity of an external account that was opened by D has one row, and is open, won or lost
-- as the source says. Red by an opportunity that is left out, or by one that is won by its row alone.
with units as (
    select * from {{ ref('int_identity__account_units') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
        and not is_internal
),

opened as (
    select
        opportunities.opportunity_id,
        opportunities.opened_on,
        opportunities.is_won,
        opportunities.closed_on is not null and not opportunities.is_won as is_lost
    from {{ ref('stg_crm__opportunities') }} as opportunities
    inner join units on units.account_id = opportunities.account_id
)

select opened.opportunity_id, found.opportunity_id as found_id
from opened
full outer join {{ ref('opportunities') }} as found
    on found.opportunity_id = opened.opportunity_id
where (
    found.opened_date = opened.opened_on
    and (found.outcome = 'won') = opened.is_won
    and (found.outcome = 'lost') = opened.is_lost
) is not true
