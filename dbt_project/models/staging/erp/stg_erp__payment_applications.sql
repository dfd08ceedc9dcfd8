with landed as ({{ current_rows('erp_payment_applications', ['application_id']) }}),

final as (
    select
        application_id,
        application_type,
        source_document_id,
        invoice_id,
        applied_date,
        amount
    from landed
    where applied_date <= {{ as_of_date() }}
)

select * from final
