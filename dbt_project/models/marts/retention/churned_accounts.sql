with churned as (select * from {{ ref('int_retention__churned') }}),

customers as (
    select * from {{ ref('int_retention__customers') }}
    where epoch_date = (select max(epoch_date) from {{ ref('int_identity__epochs') }})
),

profits as (select * from {{ ref('int_retention__loss_profits') }}),

tiers as (select * from {{ ref('int_retention__loss_tiers') }}),

signals as (select * from {{ ref('int_retention__loss_signals') }}),

conflicts as (select * from {{ ref('int_retention__conflicts') }}),

versions as (select * from {{ ref('stg_crm__account_versions') }}),

rules as ({{ dated_rule('post_mortem_days') }}),

-- One column per signal, in the order of the alphabet.
told as (
    select
        customer_key,
        churned_date,
        {%- for signal in ['at_risk', 'overdue_90', 'owner_change', 'severe_conflict', 'watch'] %}
        max(case when signal = '{{ signal }}' then signal end) as {{ signal }}_signal
        {{- ',' if not loop.last }}
        {%- endfor %}
    from signals
    group by customer_key, churned_date
),

severe as (
    select
        churned.customer_key,
        churned.churned_date
    from churned
    inner join conflicts
        on conflicts.customer_key = churned.customer_key
        and conflicts.opened_on <= churned.lost_to_date
        and conflicts.open_until > churned.last_purchase_date
    group by churned.customer_key, churned.churned_date
),

-- A column that no account had filled by the last day of a loss is one that the source does not
-- deliver: it is not asked for.
delivered as (
    select
        min(case when exit_competitor is not null then valid_from end) as competitor_from,
        min(case when has_exit_note then valid_from end) as note_from
    from versions
),

-- What is said of a loss is what was said on its last day: a later loss may say something else.
statements as (
    select
        churned.customer_key,
        churned.churned_date,
        churned.lost_to_date,
        versions.valid_from,
        versions.valid_to,
        versions.stated_on,
        versions.exit_type,
        versions.exit_reason,
        versions.exit_competitor,
        versions.has_exit_note,
        case when versions.exit_recorded_on <= {{ as_of_date() }} then versions.exit_recorded_on end
            as exit_recorded_on,
        -- What was recorded before the silence began speaks of an earlier loss.
        nullif(concat_ws(
            '|',
            case
                when versions.exit_type = 'lost_to_competitor'
                    and versions.exit_competitor is null
                    and delivered.competitor_from <= churned.lost_to_date then 'competitor'
            end,
            case
                when not versions.has_exit_note
                    and delivered.note_from <= churned.lost_to_date then 'note'
            end,
            case when versions.exit_reason is null then 'reason' end,
            case
                when versions.exit_recorded_on <= churned.last_purchase_date then 'statement'
            end,
            case when versions.exit_type is null then 'type' end
        ), '') as not_stated
    from churned
    cross join delivered
    inner join versions
        on versions.account_id = churned.customer_key
        and versions.valid_from <= churned.lost_to_date
        and versions.valid_to > churned.last_purchase_date
),

-- The day that the statement bears, where it was whole when it first bore it; else the day on which
-- the whole of it was stated or landed.
dated_statements as (
    select
        customer_key,
        churned_date,
        not_stated,
        valid_from,
        case
            when min(valid_from) over (
                partition by customer_key, churned_date, exit_recorded_on
            ) = valid_from then least(coalesce(exit_recorded_on, stated_on), stated_on)
            when valid_from is not null then stated_on
        end as told_on
    from statements
),

ranked_statements as (
    select
        customer_key,
        churned_date,
        told_on,
        row_number() over (partition by customer_key, churned_date order by valid_from)
            as place
    from dated_statements
    where not_stated is null
),

stated as (select * from ranked_statements where place = 1),

joined as (
    select
        churned.*,
        customers.tier_unit_id,
        tiers.tier as tier_before,
        owners.owner_user_id,
        profits.profit_amount as profit_before_amount,
        profits.profit_percentile_ratio,
        coalesce(exits.exit_type, 'not_assessed') as exit_type,
        exits.exit_reason,
        exits.exit_recorded_on,
        exits.exit_competitor,
        exits.has_exit_note,
        exits.not_stated,
        -- What was stated before the loss was stated in time.
        case when exits.not_stated is null then
            greatest({{ days_between('churned.churned_date', 'stated.told_on') }}, 0)
        end as post_mortem_days,
        rules.amount as allowed_days,
        severe.customer_key is not null as has_had_severe_conflict,
        nullif(concat_ws(
            '|', told.at_risk_signal, told.overdue_90_signal, told.owner_change_signal,
            told.severe_conflict_signal, told.watch_signal
        ), '') as signals_before
    from churned
    inner join customers on customers.customer_key = churned.customer_key
    inner join versions as owners
        on owners.account_id = churned.customer_key
        and owners.valid_from <= churned.churned_date
        and owners.valid_to > churned.churned_date
    inner join statements as exits
        on exits.customer_key = churned.customer_key
        and exits.churned_date = churned.churned_date
        and exits.valid_from <= exits.lost_to_date
        and exits.valid_to > exits.lost_to_date
    inner join rules
        on rules.valid_from <= churned.churned_date and rules.valid_until > churned.churned_date
    left join profits
        on profits.customer_key = churned.customer_key
        and profits.churned_date = churned.churned_date
    left join tiers
        on tiers.customer_key = churned.customer_key
        and tiers.churned_date = churned.churned_date
    left join told
        on told.customer_key = churned.customer_key and told.churned_date = churned.churned_date
    left join severe
        on severe.customer_key = churned.customer_key
        and severe.churned_date = churned.churned_date
    left join stated
        on stated.customer_key = churned.customer_key
        and stated.churned_date = churned.churned_date
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        customer_key,
        churned_date,
        tier_unit_id,
        tier_before,
        owner_user_id,
        profit_before_amount,
        profit_percentile_ratio,
        coalesce(profit_before_amount <= 0, false) as is_unprofitable,
        exit_type,
        exit_reason,
        exit_recorded_on,
        exit_competitor,
        has_exit_note,
        not_stated is null as is_post_mortem_complete,
        not_stated,
        post_mortem_days,
        coalesce(post_mortem_days <= allowed_days, false) as is_post_mortem_in_time,
        has_had_severe_conflict,
        signals_before,
        came_back_date
    from joined
)

select * from final
