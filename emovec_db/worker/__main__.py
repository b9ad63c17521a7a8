"""``python -m emovec_db.worker``: the worker process."""

import sys

from emovec_db.worker.process import main

if __name__ == "__main__":
    sys.exit(main())
