"""The worker process: does queued jobs beside the server."""

from emovec_db.worker.loop import run
from emovec_db.worker.process import run_worker

__all__ = ["run", "run_worker"]
