"""The tables that Python writes in schema `ops`: their columns, nothing else.

They are created empty by the landing step, so that plain `dbt build` works before anything was
trained or sent. The public tables `ml.*` and `activation.*` are dbt models over them.
"""

from __future__ import annotations

import re

import duckdb

OPS_TABLES: dict[str, str] = {
    # one row: the values that models read (macro as_of() and friends); see settings.py
    "settings": """
        tenant varchar, as_of timestamp, timezone varchar, currency varchar, country_code varchar,
        lookback_days integer, session_gap_minutes integer, reset_on_conversion boolean,
        feature_cutoff_count integer, feature_cutoff_step_days integer,
        universal_holdout_pct double, split_salt varchar, rules_fingerprint varchar,
        identity_gone_share double, identity_largest_person integer,
        attribution_half_life_days double, attribution_min_conversions integer,
        shared_device_policy varchar,
        path_last_touches integer, path_top_count integer, path_tree_depth integer,
        path_tree_width integer, path_tree_transform varchar""",
    # the trait registry of tenant.yml: type and survivorship rule of a brand's own attributes
    "trait_rules": "trait varchar, type varchar, rule varchar",
    # settings caps and quiet_hours of tenant.yml, in their order; the gate reads them
    "frequency_caps": """
        position integer, name varchar, channel varchar, purpose varchar, per varchar,
        message_count integer, days integer""",
    "quiet_hours": """
        position integer, channel varchar, purpose varchar, starts_at varchar, ends_at varchar,
        weekdays varchar""",
    # the landing manifest: one row per file, kept for ever (state); a file is read again when its
    # content or the declaration of its table changes; landing_number counts the batches that wrote
    # to the manifest, so that models know what came since they were built
    "landing_files": """
        source varchar, table_name varchar, file_name varchar, content_sha256 varchar,
        byte_count bigint, row_count bigint, loaded_count bigint, quarantined_count bigint,
        loaded_at timestamp, first_landed_at timestamp, landed_at timestamp, status varchar,
        message varchar, new_columns varchar, declaration_hash varchar, landing_number bigint,
        earliest_loaded_at timestamp""",
    # identity: written by the model int_identity__names (macros/person_events.sql), append-only,
    # kept for ever (state)
    "person_events": """
        event_id varchar, event varchar, person_id varchar, other_person_id varchar,
        effective_at timestamp, detected_at timestamp, cause_edge_id varchar,
        rule_version varchar, run_id varchar, sequence bigint""",
    "person_redirects": """
        old_person_id varchar, person_id varchar, redirected_at timestamp, sequence bigint""",
    "identifier_history": """
        identifier_number bigint, person_id varchar, known_from timestamp, known_to timestamp,
        last_as_of timestamp, sequence bigint""",
    # a steward's decisions made by command (identity/steward.py), kept for ever (state)
    "manual_rules": """
        rule_id varchar, rule varchar, identifier_key_a varchar, identifier_key_b varchar,
        reason varchar, author varchar, created_at timestamp""",
    # links between contacts (identity/links.py), replaced by every probabilistic pass (state)
    "probabilistic_links": """
        identifier_key_a varchar, identifier_key_b varchar, score double, model_version varchar,
        known_from timestamp, found_at timestamp""",
    # what was erased (orchestration/erasure): one tombstone per identifier, and per record whose
    # identifiers were; keyed hashes, never a value; kept for ever (state)
    "erasures": """
        erasure_id varchar, identifier_key varchar, identifier_type varchar, scope varchar,
        person_id varchar, reason varchar, author varchar, erased_at timestamp,
        finished_at timestamp, lifted_at timestamp, lift_reason varchar""",
    # one row per score and model version, written by scoring.py (columns of ml/card.py)
    "ml_model_cards": """
        score_name varchar, model_version varchar, label varchar, description varchar,
        trained_at timestamp, promoted boolean, reason varchar, split varchar,
        split_reason varchar, train_first_cutoff_at timestamp, train_last_cutoff_at timestamp,
        test_cutoff_at timestamp, data_end_at timestamp, train_row_count bigint,
        train_positive_count bigint, test_row_count bigint, test_positive_count bigint,
        model_kind varchar, baseline_kind varchar, calibration_method varchar,
        calibration_split varchar, calibration_error_limit double, code_version varchar,
        auc double, auc_low double, auc_high double,
        baseline_auc double, baseline_auc_low double, baseline_auc_high double,
        auc_gain double, auc_gain_low double, auc_gain_high double,
        average_precision double, average_precision_low double, average_precision_high double,
        brier double, brier_low double, brier_high double,
        brier_skill double, brier_skill_low double, brier_skill_high double,
        log_loss double, log_loss_low double, log_loss_high double,
        calibration_error double, calibration_error_low double, calibration_error_high double,
        feature_count integer, reliability varchar, lift varchar, features varchar""",
    # one row per person, score, target and scoring run, written by scoring.py
    "ml_scores": """
        person_id varchar, score_name varchar, target varchar, score double, score_low double,
        score_high double, score_decile integer, model_version varchar, cutoff_at timestamp,
        scored_at timestamp""",
    # one row per attribution model, period and channel, written by attributing.py; period_start is
    # null for the total; shares are of the orders that have a touch
    "attribution_estimates": """
        model varchar, period_grain varchar, period_start date, channel varchar,
        conversion_share double, conversion_share_low double, conversion_share_high double,
        revenue_share double, new_customer_share double, removal_effect double,
        conversion_probability double, conversion_count bigint, journey_count bigint,
        as_of timestamp""",
    # activation: written by activation/receipts.py only, append-only (the highest sequence of a key
    # is its current state), kept for ever (state); ids and hashes, no payload
    "activation_sync_runs": """
        run_id varchar, sync varchar, destination varchar, mapping_version varchar,
        operation varchar, planned bigint, attempted bigint, succeeded bigint, rejected bigint,
        blocked bigint, unknown bigint, aborted bigint, is_dry_run boolean, started_at timestamp,
        finished_at timestamp, status varchar, error varchar, sequence bigint,
        channel varchar, purpose varchar, is_message boolean""",
    "activation_sync_rows": """
        run_id varchar, sync varchar, record_key varchar, person_id varchar,
        identifier_key varchar, operation varchar, row_hash varchar, idempotency_key varchar,
        outcome varchar, reason varchar, recorded_at timestamp, sequence bigint,
        campaign_id varchar, content_id varchar, content_version varchar, offer_id varchar,
        decision_id varchar, variant varchar, message_id varchar, cost_amount decimal(18,4)""",
    "activation_rejects": """
        sync varchar, record_key varchar, person_id varchar, operation varchar, row_hash varchar,
        run_id varchar, error_class varchar, message varchar, attempts integer,
        next_try_at timestamp, is_terminal boolean, is_resolved boolean, recorded_at timestamp,
        sequence bigint""",
    "activation_delivery_ledger": """
        idempotency_key varchar, run_id varchar, sync varchar, record_key varchar,
        person_id varchar, identifier_key varchar, operation varchar, row_hash varchar,
        destination varchar, channel varchar, campaign_id varchar, content_id varchar,
        content_version varchar, offer_id varchar, decision_id varchar, variant varchar,
        message_id varchar, cost_amount decimal(18,4), outcome varchar, reason varchar,
        external_id varchar, sent_at timestamp, sequence bigint, purpose varchar,
        is_message boolean""",
    "activation_sync_state": """
        sync varchar, record_key varchar, person_id varchar, identifier_key varchar,
        row_hash varchar, mapping_version varchar, external_id varchar,
        last_succeeded_at timestamp, is_removed boolean, run_id varchar, sequence bigint""",
    # what an ad platform may hold of a record: plain hashes of addresses, which a removal must name
    # (activation/handles.py); dropped with the removal, and shown by no model
    "activation_handles": "sync varchar, record_key varchar, handle varchar",
}


def ensure_ops_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every table of `OPS_TABLES` in schema `ops` that does not exist yet.

    A table of an older version gets the columns that it lacks (null in its rows, at the end).
    """
    connection.execute("create schema if not exists ops")
    rows = connection.execute(
        "select table_name, column_name from duckdb_columns() "
        "where schema_name = 'ops' and database_name = current_database()"
    ).fetchall()
    known: dict[str, set[str]] = {}
    for table, column in rows:
        known.setdefault(table, set()).add(column)
    for name, columns in OPS_TABLES.items():
        if name not in known:
            connection.execute(f"create table if not exists ops.{name} ({columns})")
            continue
        # At commas that stand in no parentheses: decimal(18,4) is one type.
        for column in re.split(r",\s*(?![^()]*\))", columns.strip()):
            if column.split()[0] not in known[name]:
                connection.execute(f"alter table ops.{name} add column {column}")
