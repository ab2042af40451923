"""`python -m data.simulator`: see cli.py."""

import sys

from data.simulator.cli import main

sys.exit(main())
