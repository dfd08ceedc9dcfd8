-- Receivables by account manager against the same channels of all others (semantics 3.7). Where
-- nobody else has open receivables in a channel, nothing is known of what to expect there: that part
-- is expected as it is, so that it can neither raise nor lower the drag.
{%- set numerator -%}
    ({{ whole_number('sum(expected_whole)') }} * 10000000000 + {{ whole_number('sum(expected_rest)') }})
{%- endset %}
with positions as (select * from {{ ref('int_control__positions') }} where not is_internal),

rules as ({{ dated_rows('control_rules') }}),

by_channel as (
    select
        as_of_date,
        coalesce(owner_user_id, 'none') as owner_user_id,
        channel,
        sum(case when gross_open_amount > 0 then 1 else 0 end) as accounts_count,
        {{ money_sum('gross_open_amount') }} as gross_amount,
        {{ money_sum('overdue_amount') }} as overdue_amount,
        {{ money_sum('unapplied_old_amount') }} as unapplied_amount
    from positions
    group by as_of_date, coalesce(owner_user_id, 'none'), channel
),

compared as (
    select
        *,
        sum(gross_amount) over (partition by as_of_date, channel) - gross_amount as peer_gross,
        sum(overdue_amount) over (partition by as_of_date, channel) - overdue_amount
            as peer_overdue
    from by_channel
),

-- gross x peers' overdue / peers' gross, as a whole number of hundredths of a cent and ten decimals
-- more: whole numbers are exact on every engine.
parts as (
    select
        *,
        case
            when peer_gross > 0 then {{ whole_division(
                whole('gross_amount') ~ ' * ' ~ whole('peer_overdue'), whole('peer_gross')) }}
            when peer_gross = 0 then {{ whole('overdue_amount') }}
        end as expected_whole,
        case
            when peer_gross > 0 then {{ whole_division(
                '((' ~ whole('gross_amount') ~ ' * ' ~ whole('peer_overdue') ~ ') % '
                ~ whole('peer_gross') ~ ') * 10000000000', whole('peer_gross')) }}
            when peer_gross = 0 then 0
        end as expected_rest
    from compared
),

sums as (
    select
        as_of_date,
        owner_user_id,
        sum(accounts_count) as accounts_count,
        {{ money_sum('gross_amount') }} as gross_open_amount,
        {{ money_sum('overdue_amount') }} as overdue_amount,
        {{ money_sum('unapplied_amount') }} as unapplied_amount,
        {{ money_sum('case when peer_gross > 0 then gross_amount end') }} as compared_amount,
        {{ numerator }} as expected_parts
    from parts
    group by as_of_date, owner_user_id
),

measured as (
    select
        *,
        {{ whole('overdue_amount') }} * 10000000000 - expected_parts as drag_parts,
        {{ whole('gross_open_amount') }} * 10000000000 as gross_parts
    from sums
),

judged as (
    select
        measured.*,
        measured.accounts_count >= rules.minimum_accounts as has_accounts,
        measured.gross_open_amount >= rules.minimum_gross_amount as has_gross,
        measured.compared_amount > 0
        and measured.drag_parts * 10000
            >= {{ whole('rules.overdue_excess') }} * measured.gross_parts as is_dragging,
        measured.unapplied_amount > 0
        and measured.unapplied_amount >= measured.gross_open_amount * rules.unapplied_share
            as is_unapplied
    from measured
    inner join rules
        on rules.valid_from <= measured.as_of_date and rules.valid_until > measured.as_of_date
),

final as (
    select
        as_of_date,
        owner_user_id,
        cast(accounts_count as bigint) as accounts_count,
        gross_open_amount,
        overdue_amount,
        {{ ratio('overdue_amount', 'gross_open_amount') }} as overdue_ratio,
        case when compared_amount > 0 then {{ whole_ratio('expected_parts', 'gross_parts') }} end
            as expected_overdue_ratio,
        case when compared_amount > 0 then {{ whole_ratio('drag_parts', 'gross_parts') }} end
            as drag_ratio,
        {{ ratio('compared_amount', 'gross_open_amount') }} as benchmark_coverage_ratio,
        unapplied_amount as unapplied_over_30d_amount,
        {{ ratio('unapplied_amount', 'gross_open_amount') }} as unapplied_over_30d_ratio,
        has_accounts and has_gross and (is_dragging or is_unapplied) as is_review_needed,
        nullif(concat_ws(
            '|',
            case when has_accounts and has_gross and is_dragging then 'overdue_above_peers' end,
            case when has_accounts and has_gross and is_unapplied
                then 'cash_received_not_applied' end,
            case when not has_accounts then 'insufficient_accounts' end,
            case when not has_gross then 'insufficient_gross' end
        ), '') as reasons
    from judged
)

select * from final
