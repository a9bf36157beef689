"""Entry point of `python -m soccer_lib`."""

import signal
import sys

if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the command line is there to say a line about it

from soccer_lib.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
