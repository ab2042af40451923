"""What training and scoring read from the warehouse, as frames of plain doubles and texts.

Belongs here: the queries on `features.person_features`, `intermediate.int_features__labels` and
`ops.settings`. Does not belong here: anything that writes.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pandas as pd

from ml.training import KEY_COLUMNS

FEATURES = "features.person_features"
LABELS = "intermediate.int_features__labels"
# Bounds memory and time of a large tenant; whole persons are sampled, by hash of their id.
TRAINING_ROW_LIMIT = 100_000
SCORING_CHUNK_ROWS = 50_000
# Columns of person_features that say which row it is, not what the person is like.
NOT_FEATURES = frozenset({*KEY_COLUMNS, "cutoff_number", "as_of", "anchor_identifier_key"})


class ScoringInputMissing(RuntimeError):
    """A table that scoring reads is not there, or says nothing."""


def read_as_of(connection: duckdb.DuckDBPyConnection) -> pd.Timestamp:
    """The as-of time (UTC, no zone) of the landed data, from `ops.settings`."""
    try:
        row = connection.execute("select as_of from ops.settings").fetchone()
    except duckdb.CatalogException as error:
        raise ScoringInputMissing("ops.settings does not exist: run the landing step") from error
    as_of = pd.NaT if row is None else pd.Timestamp(row[0])
    if not isinstance(as_of, pd.Timestamp):
        raise ScoringInputMissing("ops.settings has no as_of: run the landing step")
    return as_of


def feature_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Feature name -> SQL expression that reads it as double (numbers, booleans) or varchar.

    The cast happens in SQL, so that what pandas makes of a type (nullable booleans, decimals)
    decides nothing. Times and dates are no features: they would tie a model to the calendar.
    """
    schema, table = FEATURES.split(".")
    rows = connection.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = ? and table_name = ? order by column_name",
        [schema, table],
    ).fetchall()
    if not rows:
        raise ScoringInputMissing(f"{FEATURES} does not exist: build the features with dbt first")
    columns = {}
    for name, data_type in rows:
        kind = data_type.upper().split("(")[0]
        if name in NOT_FEATURES or kind.startswith(("TIMESTAMP", "DATE", "TIME")):
            continue
        target = "varchar" if kind in {"VARCHAR", "ENUM", "UUID"} else "double"
        columns[name] = f'cast(features."{name}" as {target}) as "{name}"'
    return columns


def read_training_rows(
    connection: duckdb.DuckDBPyConnection, score_name: str, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Eligible label rows with their features: the frame that `ml.training` asks for.

    Labels whose window reaches beyond `as_of` are left out, whatever the table says. Above
    `TRAINING_ROW_LIMIT` rows a share of the persons is taken, the same at every run.
    """
    source = f"""
        from {FEATURES} as features
        inner join {LABELS} as labels
            on features.person_id = labels.person_id and features.cutoff_at = labels.cutoff_at
        where labels.score_name = ? and labels.is_eligible and labels.is_mature
            and labels.label is not null and labels.label_end_at <= ?"""
    columns = feature_columns(connection)
    counted = connection.execute(f"select count(*) {source}", [score_name, as_of]).fetchone()
    threshold = min(1.0, TRAINING_ROW_LIMIT / max(counted[0] if counted else 0, 1))
    sample = "" if threshold >= 1 else " and substr(md5(features.person_id), 1, 8) < ?"
    parameters = [score_name, as_of]
    if sample:
        parameters.append(f"{int(threshold * 2**32):08x}")
    return connection.execute(
        f"""
        select
            features.person_id, features.cutoff_at, labels.label_end_at,
            cast(labels.label as double) as label, labels.is_mature,
            {", ".join(columns.values())}
        {source}{sample}
        order by features.cutoff_at, features.person_id""",
        parameters,
    ).df()


def scoring_chunks(
    connection: duckdb.DuckDBPyConnection, score_name: str, as_of: pd.Timestamp
) -> Iterator[pd.DataFrame]:
    """Eligible persons at the cutoff `as_of`, with person_id and features, in bounded pieces."""
    columns = feature_columns(connection)
    cursor = connection.cursor()
    cursor.execute(
        f"""
        select features.person_id, {", ".join(columns.values())}
        from {FEATURES} as features
        inner join {LABELS} as labels
            on features.person_id = labels.person_id and features.cutoff_at = labels.cutoff_at
        where labels.score_name = ? and labels.is_eligible and features.cutoff_at = ?
        order by features.person_id""",
        [score_name, as_of],
    )
    vectors = max(1, SCORING_CHUNK_ROWS // 2048)
    try:
        while True:
            chunk = cursor.fetch_df_chunk(vectors)
            if chunk.empty:
                return
            yield chunk
    finally:
        cursor.close()
