"""The landing gate: files of a tenant's landing folder become typed tables in schema `raw`.

Public entry: `gate.land_source`. Row by row, what passes is loaded and what does not is kept in
`raw.quarantine` with its reason; rows in = rows loaded + rows quarantined, always.
"""
