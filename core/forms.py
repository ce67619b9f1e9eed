"""How a view runs a command for a form: errors of the domain land beside their field, nothing typed is lost."""

from collections.abc import Callable
from typing import Any

from django import forms

from core.errors import Conflict, Invalid, LimitReached


def attempt(form: forms.Form, act: Callable[[dict[str, Any]], object]) -> Any:
    """`act(cleaned_data)` if the form is valid; Invalid, Conflict and LimitReached become form errors and the answer is None.

    Commands that return None should be wrapped to return something truthy. Other errors go on to the middleware.
    """
    if not form.is_valid():
        return None
    try:
        return act(form.cleaned_data)
    except (Invalid, Conflict, LimitReached) as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None


def done(act: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], bool]:
    """Wrap a command without a result so that `attempt` can tell success from failure."""

    def run(cleaned: dict[str, Any]) -> bool:
        act(cleaned)
        return True

    return run
