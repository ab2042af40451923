"""The dashboard: a Streamlit application over the serving copy, and over nothing else.

Belongs here: pages (`views/`, one file each), their SQL (`queries/`, one module per page), charts.
Does not belong here: computing a KPI (that is a mart), the warehouse, a clear personal value.
"""
