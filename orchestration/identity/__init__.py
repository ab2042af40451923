"""Operations on the identity graph: what it is asked, and what is done to it by hand.

Belongs here: reading the built tables of schemas intermediate and identity for an answer, and the
rules that a steward makes. Does not belong here: resolution itself, which is dbt's.
"""

from orchestration.identity.explain import Explanation, explain_pair, explain_person
from orchestration.identity.lookup import IdentityError

__all__ = ["Explanation", "IdentityError", "explain_pair", "explain_person"]
