-- The status is what the rules of the day make of the exposure.
-- Red by an account above its limit that is ok, or by an account far below its limit that is watched.
with rules as ({{ dated_rows('credit_rules') }}),

exposures as (select * from {{ ref('credit_exposure') }})

select exposures.as_of_date, exposures.account_id, exposures.credit_status
from exposures
inner join rules
    on rules.valid_from <= exposures.as_of_date and rules.valid_until > exposures.as_of_date
where (
    (exposures.credit_status = 'no_limit') = (exposures.credit_limit_amount is null)
    and (exposures.credit_status = 'hold') = coalesce(
        exposures.exposure_amount > exposures.credit_limit_amount * rules.hold_share, false)
    and (exposures.credit_status = 'watch') = coalesce(
        exposures.credit_limit_amount > 0
        and exposures.exposure_amount >= exposures.credit_limit_amount * rules.watch_share
        and exposures.exposure_amount <= exposures.credit_limit_amount * rules.hold_share, false)
    and (exposures.credit_status = 'ok') = (
        exposures.credit_limit_amount is not null
        and exposures.exposure_amount <= exposures.credit_limit_amount * rules.hold_share
        and (exposures.credit_limit_amount = 0
            or exposures.exposure_amount < exposures.credit_limit_amount * rules.watch_share))
) is not true
