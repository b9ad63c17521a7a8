"""Workers on several hosts by Celery: messages name items, the database says what they are and what became of them."""

from emovec_db.worker.cluster.process import run_celery_worker

__all__ = ["run_celery_worker"]
