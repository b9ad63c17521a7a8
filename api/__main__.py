"""``python -m emovec_db.api``: the server process."""

import sys

from emovec_db.api.server import main

if __name__ == "__main__":
    sys.exit(main())
