"""What the rules could not settle: operators see it by role, and close it with a reason."""
import uuid

import pytest
from operators import make_operator
from person import assert_problem


@pytest.fixture(scope="module")
def finance(platform):
    return make_operator(platform, "finance")


@pytest.fixture(scope="module")
def case(driver, finance, eventually):
    """A card whose provider holds another amount than it was asked to."""
    station, connector = driver.free_connector()
    answer = driver.start(driver.order(station, connector, "wrong-amount"))
    assert answer.status_code == 502, answer.text
    session = driver.get("/charging/sessions", limit=1)["sessions"][0]
    found = eventually(lambda: finance.get("/operations/payment/cases", sessionId=session["sessionId"])["cases"], 15, what="the case")
    assert [one["kind"] for one in found] == ["wrongHoldAmount"]
    return found[0]


def close(person, service, case_id, key=None, **body):
    return person.request("POST", f"/operations/{service}/cases/{case_id}/close", headers={"Idempotency-Key": key or str(uuid.uuid4())},
                          json={"outcome": "corrected", "reason": "the provider let the wrong hold go", **body})


def test_who_may_see_and_close(platform, driver, case):
    viewer = make_operator(platform, "viewer")
    assert viewer.get(f"/operations/payment/cases/{case['caseId']}") == case
    for service in ("charging", "payment", "integrations"):
        assert driver.request("GET", f"/operations/{service}/cases").status_code == 403
        assert_problem(close(viewer, service, case["caseId"]), 403, "insufficient-scope")
    assert_problem(close(make_operator(platform, "operator"), "payment", case["caseId"]), 403, "insufficient-scope")
    assert_problem(close(make_operator(platform, "finance"), "integrations", str(uuid.uuid4())), 403, "insufficient-scope")


def test_each_service_lists_its_own(finance, case):
    for service in ("charging", "payment", "integrations"):
        page = finance.get(f"/operations/{service}/cases", state="all", limit=1)
        assert len(page["cases"]) <= 1
        if "nextCursor" in page:
            following = finance.get(f"/operations/{service}/cases", state="all", limit=1, cursor=page["nextCursor"])["cases"]
            assert following and following != page["cases"]
        assert_problem(finance.request("GET", f"/operations/{service}/cases/{uuid.uuid4()}"), 404, "not-found")
        assert_problem(finance.request("GET", f"/operations/{service}/cases", params={"state": "lost"}), 422, "validation-failed")


def test_a_case_is_closed_once_with_who_when_and_why(finance, case):
    key = str(uuid.uuid4())
    assert_problem(close(finance, "payment", case["caseId"], outcome="forgotten"), 422, "validation-failed")
    closed = close(finance, "payment", case["caseId"], key)
    assert closed.status_code == 200, closed.text
    told = closed.json()
    assert told["state"] == "closed" and told["outcome"] == "corrected" and told["closedBy"] and told["closedAt"]
    assert close(finance, "payment", case["caseId"], key).content == closed.content
    assert_problem(close(finance, "payment", case["caseId"]), 409, "conflict")
    assert case["caseId"] not in [one["caseId"] for one in finance.get("/operations/payment/cases", limit=200)["cases"]]
    assert told in finance.get("/operations/payment/cases", state="closed", limit=200)["cases"]
