-- The cycle of each account that has one, and the median of the others of its channel, without a
-- pair of accounts ever being joined: in the sorted channel the median of the rest is found by its
-- place, one further on behind the account itself. Cycles are compared with six decimals; of the
-- median twice the value is kept, so that nothing is divided.
with facts as (select * from {{ ref('int_receivables__payment_facts') }}),

cycles as (
    select
        as_of_date,
        account_id,
        channel,
        minimum_peers,
        case when measured_invoices_count >= minimum_invoices
            then {{ ratio('to_pay_days_amount', 'measured_amount') }} end as cycle_days
    from facts
),

ranked as (
    select
        as_of_date,
        channel,
        cycle_days,
        account_id,
        row_number() over (
            partition by as_of_date, channel order by cycle_days, account_id
        ) as place
    from cycles
    where cycle_days is not null
),

sizes as (
    select
        as_of_date,
        channel,
        count(*) as cycles_count
    from ranked
    group by as_of_date, channel
),

others as (
    select
        cycles.as_of_date,
        cycles.account_id,
        cycles.channel,
        cycles.cycle_days,
        cycles.minimum_peers,
        ranked.place,
        sizes.cycles_count - case when ranked.place is null then 0 else 1 end as peers_count
    from cycles
    left join ranked
        on ranked.as_of_date = cycles.as_of_date and ranked.account_id = cycles.account_id
    left join sizes on sizes.as_of_date = cycles.as_of_date and sizes.channel = cycles.channel
),

-- The two middle places of the others, which are one when their number is odd.
middles as (
    select
        *,
        peers_count - {{ whole_division('peers_count', '2') }} as low_place,
        {{ whole_division('peers_count', '2') }} + 1 as high_place
    from others
),

places as (
    select
        *,
        cast(low_place + case when low_place >= place then 1 else 0 end as bigint)
            as low_place_in_channel,
        cast(high_place + case when high_place >= place then 1 else 0 end as bigint)
            as high_place_in_channel
    from middles
),

final as (
    select
        places.as_of_date,
        places.account_id,
        places.cycle_days,
        cast(coalesce(places.peers_count, 0) as bigint) as peers_count,
        case when places.peers_count >= places.minimum_peers
            then cast(low.cycle_days + high.cycle_days as decimal(18,6)) end
            as twice_peer_median_days
    from places
    left join ranked as low
        on low.as_of_date = places.as_of_date
        and low.channel = places.channel
        and low.place = places.low_place_in_channel
    left join ranked as high
        on high.as_of_date = places.as_of_date
        and high.channel = places.channel
        and high.place = places.high_place_in_channel
)

select * from final
