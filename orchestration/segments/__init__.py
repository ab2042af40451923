"""Segments from the command line: what one is worth before anybody is sent anything.

Belongs here: asking. Does not belong here: who is in a segment and what it is worth; that is SQL
(`dbt_project/models/marts/segments`), and this room runs that SQL, never its own.
"""
