"""Sets of options as frozen dataclasses: each field is an option, and a command takes the set as one argument."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

Command = Callable[..., None]


def with_options(**sets: type) -> Callable[[Command], Command]:
    """Give a command an option for each field of each set; it takes each set as the argument of that name."""

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True)
        fields = {name: inspect.signature(kind, eval_str=True).parameters for name, kind in sets.items()}
        kept = [parameter for name, parameter in own.parameters.items() if name not in sets]

        @functools.wraps(command)
        def run(**values: Any) -> None:
            taken = {name: kind(**{field: values.pop(field) for field in fields[name]}) for name, kind in sets.items()}
            command(**taken, **values)

        added = [parameter for parameters in fields.values() for parameter in parameters.values()]
        parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*kept, *added)]
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        return run

    return decorate
