"""The word of a recipient: signed links, and the web service behind them.

Belongs here: links that go out with a message (`links.py`), and what a recipient does with them.
Does not belong here: who may be contacted (`orchestration/activation/gate.py`), what a consent
means (dbt models).
"""
