"""Customers: all of them at a glance, one's profile, two side by side."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emovec_db.api.errors import InvalidRequestError, described
from emovec_db.api.filters import checked
from emovec_db.api.pages.choice import shown
from emovec_db.api.pages.history import history_form
from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.problems import told
from emovec_db.api.pages.sparklines import sparkline
from emovec_db.api.schemas.requests import CustomersQuery
from emovec_db.documents import profile_document
from emovec_db.domain.customers import CustomerOverview
from emovec_db.domain.profile import CustomerComparison, Profile
from emovec_db.domain.query import Page
from emovec_db.errors import QueryError, UserError
from emovec_db.services.profiles.overview import WEEKS

customers = Blueprint("customers", __name__)

#: names that a form offers; any other can be typed
OFFERED = 200
#: of a profile's document, what its charts are drawn from
DRAWN = ("customer", "recordings", "scores", "trend", "period", "volatility")


@customers.get("/customers")
def start() -> tuple[str, int]:
    """All customers, page by page."""
    given = {name: request.args[name] for name in ("sort", "containing", "cursor", "limit") if request.args.get(name)}
    page: Page[CustomerOverview] = Page((), None)
    asked, problem, status = CustomersQuery(), None, 200
    try:
        asked = checked(CustomersQuery, given)
        page = _page(asked)
    except (QueryError, InvalidRequestError) as error:
        problem, status = told(error), error.http_status
    shown_page = render_template(
        "customers.html",
        page=page,
        problem=problem,
        asked=asked,
        kept={name: given[name] for name in ("containing", "limit") if name in given},
        sparkline=lambda trend: sparkline(trend, WEEKS),
    )
    return shown_page, status


@customers.get("/customers/<name:customer>")
def profile(customer: str) -> tuple[str, int]:
    """What a customer's recordings say of their emotion."""
    form, stored = history_form(request.args), shown()
    found, problem, status = None, None, 200
    try:
        found = stored.profile(customer, **form.asked())
    except (UserError, InvalidRequestError) as error:
        if not form.values:
            raise
        problem = told(error, _("This customer has no recordings of that time. Choose another."))
        status = described(error).status
    page = render_template(
        "customer.html",
        customer=customer,
        form=form,
        profile=found,
        problem=problem,
        stored=stored.count(customer=customer),
        shown_labels=[] if found is None else form.shown(_means(found)),
        drawn={} if found is None else {"profile": _drawn(found)},
    )
    return page, status


@customers.get("/customer-comparison")
def comparison() -> str | Response | tuple[str, int]:
    """Two customers side by side; before two are chosen, the form."""
    ticked = request.args.getlist("customer")
    if len(ticked) == 2:
        return redirect(url_for(".comparison", first=ticked[0], second=ticked[1]))
    first, second = request.args.get("first") or next(iter(ticked), ""), request.args.get("second", "")
    form, stored = history_form(request.args), shown()
    found, problem, status = None, None, 200
    try:
        if first and second:
            found = stored.compare_customers(first, second, **form.asked())
    except (UserError, InvalidRequestError) as error:
        problem = told(error, _("One of the two is not known, or has no recordings of that time."))
        status = described(error).status
    page = render_template(
        "comparison.html",
        first=first,
        second=second,
        form=form,
        comparison=found,
        problem=problem,
        ticked=len(ticked),
        offered=stored.customers(OFFERED),
        rank=None if found is None else _rank(found),
        shown_labels=[] if found is None else form.shown(_means(found.first), _means(found.second)),
        drawn={} if found is None else {"profile": _drawn(found.first), "other": _drawn(found.second)},
    )
    return page, status


def _page(asked: CustomersQuery) -> Page[CustomerOverview]:
    return shown().customers_overview(
        sort=asked.sort, containing=asked.containing, cursor=asked.cursor, limit=asked.limit
    )


def _means(profile: Profile) -> dict[str, float]:
    return {label: estimate.mean for label, estimate in profile.scores.items()}


def _drawn(profile: Profile) -> dict[str, Any]:
    document = profile_document(profile)
    return {name: document[name] for name in DRAWN}


def _rank(found: CustomerComparison) -> int | None:
    """Which place the second has among the customers nearest to the first; None: others are nearer than all shown."""
    nearest = [one.customer for one in found.first.nearest]
    return nearest.index(found.second.customer) + 1 if found.second.customer in nearest else None
