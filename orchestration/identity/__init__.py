"""Operations on the identity graph: what it is asked, and what is done to it by hand.

Belongs here: reading the built tables of schemas intermediate and identity for an answer, and the
rules that a steward makes. Does not belong here: resolution itself, which is dbt's.
"""
