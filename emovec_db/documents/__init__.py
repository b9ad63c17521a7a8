"""The JSON documents of CLI and API: one place that says which fields a domain object shows."""

from emovec_db.documents.classification import audit_document, check_document, classification_document
from emovec_db.documents.clusterings import agreement_document, cluster_document, clustering_document
from emovec_db.documents.collections import collection_document, model_document
from emovec_db.documents.drafts import draft_document, steps_document, stretch_document
from emovec_db.documents.facets import count_document
from emovec_db.documents.generations import generation_document, label_changes_document, reencode_document
from emovec_db.documents.jobs import forecast_document, ingest_document, item_document, job_document
from emovec_db.documents.maps import map_document
from emovec_db.documents.policies import policy_document, refusal_document
from emovec_db.documents.profile_table import comparison_table, profile_table
from emovec_db.documents.profiles import comparison_document, customer_document, profile_document
from emovec_db.documents.recordings import (
    deletion_document,
    recording_document,
    track_document,
    utterance_document,
    waveform_document,
)
from emovec_db.documents.results import result_document
from emovec_db.documents.search import filter_document, match_document, search_document
from emovec_db.documents.selections import selection_document
from emovec_db.documents.spaces import evaluation_document, fitted_space_document, spaces_document
from emovec_db.documents.trajectories import similar_courses_document, trajectories_document
from emovec_db.documents.values import Document, page_document, time_text

__all__ = [
    "Document",
    "agreement_document",
    "audit_document",
    "check_document",
    "classification_document",
    "cluster_document",
    "clustering_document",
    "collection_document",
    "comparison_document",
    "comparison_table",
    "count_document",
    "customer_document",
    "deletion_document",
    "draft_document",
    "evaluation_document",
    "filter_document",
    "fitted_space_document",
    "forecast_document",
    "generation_document",
    "ingest_document",
    "item_document",
    "job_document",
    "label_changes_document",
    "map_document",
    "match_document",
    "model_document",
    "page_document",
    "policy_document",
    "profile_document",
    "profile_table",
    "recording_document",
    "reencode_document",
    "refusal_document",
    "result_document",
    "search_document",
    "selection_document",
    "similar_courses_document",
    "spaces_document",
    "steps_document",
    "stretch_document",
    "time_text",
    "track_document",
    "trajectories_document",
    "utterance_document",
    "waveform_document",
]
