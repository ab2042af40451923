"""pyarrow.compute under a name that type checkers let pass.

Its functions are made when it is imported, so static checkers see none of them.
"""

from __future__ import annotations

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
