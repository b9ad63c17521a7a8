"""`python -m emovec_db` is the `emovec` command."""

import sys

from emovec_db.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
