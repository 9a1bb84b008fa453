"""`python -m buzzsim` is the command `buzzsim`."""

import sys

from buzzsim.cli import main

if __name__ == "__main__":
    sys.exit(main())
