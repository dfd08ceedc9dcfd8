-- The stage and the single thread of an account are those of relationship_stages at D; an account
-- without a row there has neither.
-- Red by another stage, or by a thread that is told on one side only, or by an account without a stage.
with accounts as (select * from {{ ref('accounts') }}),

stages as (select * from {{ ref('relationship_stages') }} where is_latest)

select
    coalesce(accounts.account_id, stages.account_id) as account_id,
    accounts.evidenced_stage as account_stage,
    stages.evidenced_stage
from accounts
full join stages on stages.account_id = accounts.account_id
where accounts.account_id is null
    or accounts.evidenced_stage is distinct from stages.evidenced_stage
    or accounts.is_single_threaded is distinct from coalesce(stages.is_single_threaded, false)
