"""A small GA4 export: Parquet files with the nested columns that BigQuery writes.

Belongs here: the schema and a short way to write events. Does not belong here: what a test expects
of them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_VALUE = [
    ("string_value", pa.string()),
    ("int_value", pa.int64()),
    ("float_value", pa.float64()),
    ("double_value", pa.float64()),
]
_ITEM_TEXTS = [
    "item_id", "item_name", "item_brand", "item_variant", "item_category", "item_category2",
    "item_category3", "item_category4", "item_category5", "coupon", "affiliation", "location_id",
    "item_list_id", "item_list_name", "item_list_index", "promotion_id", "promotion_name",
    "creative_name", "creative_slot",
]  # fmt: skip
_ITEM_AMOUNTS = [
    "price_in_usd", "price", "item_revenue_in_usd", "item_revenue", "item_refund_in_usd",
    "item_refund",
]  # fmt: skip
PAIRS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.struct(_VALUE))]))
ITEMS = pa.list_(
    pa.struct(
        [(name, pa.string()) for name in _ITEM_TEXTS]
        + [(name, pa.float64()) for name in _ITEM_AMOUNTS]
        + [("quantity", pa.int64())]
    )
)
SCHEMA = pa.schema(
    [
        ("event_date", pa.string()),
        ("event_timestamp", pa.int64()),
        ("event_name", pa.string()),
        ("event_params", PAIRS),
        ("event_previous_timestamp", pa.int64()),
        ("event_value_in_usd", pa.float64()),
        ("event_bundle_sequence_id", pa.int64()),
        ("event_server_timestamp_offset", pa.int64()),
        ("user_id", pa.string()),
        ("user_pseudo_id", pa.string()),
        (
            "privacy_info",
            pa.struct(
                [
                    ("analytics_storage", pa.string()),
                    ("ads_storage", pa.string()),
                    ("uses_transient_token", pa.string()),
                ]
            ),
        ),
        ("user_properties", PAIRS),
        ("user_first_touch_timestamp", pa.int64()),
        ("user_ltv", pa.struct([("revenue", pa.float64()), ("currency", pa.string())])),
        (
            "device",
            pa.struct(
                [
                    ("category", pa.string()),
                    ("operating_system", pa.string()),
                    ("web_info", pa.struct([("browser", pa.string())])),
                ]
            ),
        ),
        ("geo", pa.struct([("country", pa.string()), ("city", pa.string())])),
        ("app_info", pa.struct([("id", pa.string()), ("version", pa.string())])),
        (
            "traffic_source",
            pa.struct([("medium", pa.string()), ("name", pa.string()), ("source", pa.string())]),
        ),
        ("stream_id", pa.int64()),
        ("platform", pa.string()),
        ("event_dimensions", pa.struct([("hostname", pa.string())])),
        (
            "ecommerce",
            pa.struct(
                [
                    ("total_item_quantity", pa.int64()),
                    ("purchase_revenue_in_usd", pa.float64()),
                    ("purchase_revenue", pa.float64()),
                    ("refund_value", pa.float64()),
                    ("shipping_value", pa.float64()),
                    ("tax_value", pa.float64()),
                    ("unique_items", pa.int64()),
                    ("transaction_id", pa.string()),
                ]
            ),
        ),
        ("items", ITEMS),
    ]
)


def micros(at: str) -> int:
    """`2021-01-19 10:00` (UTC) in microseconds since 1970."""
    return int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()) * 1_000_000


def parameters(values: dict[str, Any]) -> list[dict[str, Any]]:
    """event_params: every value under the name of its type, the others null."""
    fields = {str: "string_value", int: "int_value", float: "double_value"}
    return [
        {"key": key, "value": {} if value is None else {fields[type(value)]: value}}
        for key, value in values.items()
    ]


def event(
    name: str,
    user: str | None,
    at: str,
    *,
    session: int | None = None,
    page: str = "https://www.shop.example/",
    params: dict[str, Any] | None = None,
    items: list[dict[str, Any]] | None = None,
    ecommerce: dict[str, Any] | None = None,
    **columns: Any,
) -> dict[str, Any]:
    """One event; `columns` are further columns of the export."""
    given: dict[str, Any] = {"page_location": page}
    if session is not None:
        given["ga_session_id"] = session
    return {
        "event_date": at[:10].replace("-", ""),
        "event_timestamp": micros(at),
        "event_name": name,
        "event_params": parameters({**given, **(params or {})}),
        "event_bundle_sequence_id": 1,
        "user_pseudo_id": user,
        "user_properties": [],
        "device": {"category": "desktop"},
        # what brought the user the first time, ever: no source of any session
        "traffic_source": {"source": "tv-guide", "medium": "offline", "name": "launch"},
        "platform": "WEB",
        "ecommerce": ecommerce or {},
        "items": items or [],
        **columns,
    }


def write_export(path: Path, events: list[dict[str, Any]]) -> None:
    """Write the events as one Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(events, schema=SCHEMA), path)
