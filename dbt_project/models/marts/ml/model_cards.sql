-- Grain: one row per score_name and model_version.
{%- set measures = [
    'auc', 'baseline_auc', 'auc_gain', 'average_precision', 'brier', 'brier_skill', 'log_loss',
    'calibration_error',
] %}
with

cards as (

    select * from {{ source('ops', 'ml_model_cards') }}

),

numbered as (

    select
        cards.*,
        row_number() over (
            partition by cards.score_name
            order by cards.trained_at desc, cards.model_version desc
        ) as training_number,
        row_number() over (
            partition by cards.score_name, cards.promoted
            order by cards.trained_at desc, cards.model_version desc
        ) as promotion_number
    from cards
    where cards.trained_at <= {{ as_of() }}

),

final as (

    select
        numbered.score_name,
        numbered.model_version,
        numbered.label,
        numbered.description,
        numbered.trained_at,
        numbered.promoted,
        numbered.reason,
        numbered.training_number = 1 as is_latest,
        numbered.promoted and numbered.promotion_number = 1 as is_in_use,
        numbered.split,
        numbered.split_reason,
        numbered.train_first_cutoff_at,
        numbered.train_last_cutoff_at,
        numbered.test_cutoff_at,
        numbered.data_end_at,
        numbered.train_row_count,
        numbered.train_positive_count,
        numbered.test_row_count,
        numbered.test_positive_count,
        numbered.model_kind,
        numbered.baseline_kind,
        numbered.calibration_method,
        numbered.calibration_split,
        numbered.calibration_error_limit,
        numbered.code_version,
        {% for measure in measures %}
            numbered.{{ measure }},
            numbered.{{ measure }}_low,
            numbered.{{ measure }}_high,
        {% endfor %}
        numbered.feature_count,
        numbered.reliability,
        numbered.lift,
        numbered.features
    from numbered

)

select * from final
