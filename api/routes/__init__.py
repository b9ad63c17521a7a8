"""Addresses of the API, one module per resource."""

from emovec_db.api.routes.classify import classify
from emovec_db.api.routes.clusterings import clusterings
from emovec_db.api.routes.collections import collections
from emovec_db.api.routes.counts import counts
from emovec_db.api.routes.customers import comparisons, customers
from emovec_db.api.routes.drafts import drafts
from emovec_db.api.routes.health import health
from emovec_db.api.routes.jobs import jobs
from emovec_db.api.routes.maps import maps
from emovec_db.api.routes.policies import policies
from emovec_db.api.routes.recordings import recordings
from emovec_db.api.routes.results import results
from emovec_db.api.routes.searches import searches
from emovec_db.api.routes.spaces import spaces
from emovec_db.api.routes.trajectories import trajectories
from emovec_db.api.routes.utterances import utterances

#: every blueprint that belongs in the OpenAPI document
API = (
    health,
    collections,
    policies,
    classify,
    drafts,
    recordings,
    utterances,
    searches,
    spaces,
    trajectories,
    clusterings,
    maps,
    customers,
    comparisons,
    counts,
    jobs,
    results,
)

__all__ = ["API"]
