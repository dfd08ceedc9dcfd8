{#
Columns of the source contract whose coverage is published. A manual value with an age limit
expires so many months or days after the day that it was stated on, by the column of a dated rule
whose name ends so: months of candidate_config, days of relationship_rules.
#}
{% macro coverage_rules() %}
    {{ return({
        'crm_accounts': {
            'columns': ['parent_account_id', 'tax_id', 'industry_code', 'region', 'channel',
                'owner_user_id', 'payment_terms_days', 'credit_limit_amount',
                'referred_by_account_id', 'executive_sponsor_user_id', 'created_at',
                'latitude', 'longitude', 'requested_capacity', 'supplier_approved_on'],
            'manual': {'influence_score': ['influence_rated_on', 'influence_months'],
                'wallet_amount': ['wallet_as_of_date', 'wallet_months'],
                'own_growth_score': none, 'claimed_relationship_stage': none, 'exit_type': none,
                'exit_reason': none, 'exit_recorded_on': none, 'exit_competitor': none,
                'exit_note': none, 'influence_rated_by_user_id': none, 'influence_evidence': none,
                'relation_types': none},
        },
        'crm_users': {'columns': ['email', 'department', 'team', 'manager_user_id'], 'manual': {}},
        'crm_contacts': {
            'columns': ['role', 'sentiment', 'formal_level', 'actual_influence'],
            'manual': {'department': none, 'interpersonal_rating': ['interpersonal_rated_on', 'rating_days'],
                'interpersonal_rated_by_user_id': none},
        },
        'crm_activities': {
            'columns': ['contact_id', 'user_id', 'direction', 'duration_minutes'], 'manual': {}},
        'crm_opportunities': {
            'columns': ['buying_stage', 'amount', 'outcome_reason', 'entered_at_stage',
                'outcome_category', 'need_qualified_on'], 'manual': {}},
        'crm_opportunity_stages': {'columns': [], 'manual': {}},
        'crm_opportunity_contacts': {'columns': ['role'], 'manual': {}},
        'crm_contact_links': {'columns': [], 'manual': {}},
        'crm_supplier_positions': {
            'columns': [], 'manual': {'our_rank': none, 'supplier_count': none}},
        'crm_internal_requests': {'columns': ['first_response_at'], 'manual': {}},
        'crm_relationship_evidence': {'columns': [], 'manual': {'evidence_type': none}},
        'crm_service_cases': {
            'columns': ['severity', 'response_due_at', 'resolution_due_at', 'service_site',
                'product_id'], 'manual': {}},
        'crm_account_plans': {'columns': ['plan_amount'], 'manual': {}},
        'crm_account_team': {'columns': [], 'manual': {}},
        'erp_plants': {'columns': ['latitude', 'longitude', 'yearly_capacity'], 'manual': {}},
        'erp_products': {
            'columns': ['product_category', 'launch_date', 'origin_account_id'], 'manual': {}},
        'erp_orders': {
            'columns': ['currency_code', 'opportunity_id', 'quote_date', 'freight_amount'],
            'manual': {}},
        'erp_order_lines': {
            'columns': ['list_amount', 'gross_amount', 'promised_date', 'delivered_date'],
            'manual': {}},
        'erp_invoices': {
            'columns': ['order_id', 'due_date', 'disputed_amount', 'is_cash_sale'], 'manual': {}},
        'erp_invoice_lines': {
            'columns': ['product_id', 'quantity', 'list_amount', 'cogs_amount'], 'manual': {}},
        'erp_payments': {'columns': ['payer_account_id', 'method'], 'manual': {}},
        'erp_payment_applications': {'columns': ['source_document_id'], 'manual': {}},
        'erp_payment_promises': {'columns': [], 'manual': {}},
        'erp_exchange_rates': {'columns': [], 'manual': {}},
        'erp_gl_balances': {'columns': [], 'manual': {}},
    }) }}
{% endmacro %}

{# The last day on which a manual value with such an age limit has expired by D; on a later one it
   counts. A value as old as its days still counts, one as old as its months does not. #}
{% macro last_expired_day(limit) -%}
    {%- if limit.endswith('_days') -%}
        {{ add_days(as_of_date(), '-' ~ limit ~ ' - 1') }}
    {%- else -%}
        {{ add_months(as_of_date(), '-' ~ limit) }}
    {%- endif -%}
{%- endmacro %}
