"""Messages of a brand: reading, rendering, checking and showing them.

Belongs here: everything between the files in `data/tenants/<tenant>/content/` and a finished mail
(subject, preheader, HTML, text). Does not belong here: to whom it goes, and how.
"""

from orchestration.content.registry import ContentError, Message, Registry, load_content
from orchestration.content.rendering import Links, Rendered, Renderer, RenderError

__all__ = [
    "ContentError",
    "Links",
    "Message",
    "Registry",
    "RenderError",
    "Rendered",
    "Renderer",
    "load_content",
]
