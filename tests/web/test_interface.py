"""The interface as its own description tells it: whatever it allows is answered, and as described."""

from collections.abc import Callable

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.permissions import Scope
from web.app import create_app
from web.deps import House

DESCRIPTION = "/api/v1/openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=20,
    deadline=None,  # a promise of time belongs to the bench
    suppress_health_check=list(HealthCheck),  # the examples are the description's, not ours
    derandomize=True,
)


def every_call(house: House, ask: Callable[[Case], object]) -> list[str]:
    """Ask whatever the description allows; what was asked."""
    schema = schemathesis.openapi.from_asgi(DESCRIPTION, create_app(house))
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()
        asked.append(operation.label)
        FEW(given(case=operation.as_strategy())(ask))()
    return asked


@pytest.mark.parametrize("who", ["visitor", "operator", "dispatcher", "sysadmin", "program"])
def test_no_allowed_call_ends_in_a_fault_of_ours(who, house, visitor, staff, program) -> None:
    client: TestClient = {"visitor": lambda: visitor, "program": lambda: program(*Scope)}.get(
        who, lambda: staff(who)
    )()

    def ask(case: Case) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver")
        # the test client keeps its own; a call does not bring any
        sent.pop("cookies", None)
        answer = client.request(**sent)
        case.validate_response(answer, checks=CHECKS)

    assert len(every_call(house, ask)) > 10
