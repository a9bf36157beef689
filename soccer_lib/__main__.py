"""Entry point of `python -m soccer_lib`."""

import sys

from soccer_lib.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
