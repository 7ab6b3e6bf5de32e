"""Money is given back by two people of finance, once, never more than was captured; the receipt shows it and the books fit."""
import uuid

import pytest
from operators import make_operator
from person import assert_problem
from streams import first_occurrences, read_topics


@pytest.fixture(scope="module")
def people(platform):
    return make_operator(platform, "finance"), make_operator(platform, "finance")


@pytest.fixture(scope="module")
def payment(driver):
    accepted, _ = driver.started()
    driver.until_charging(accepted["sessionId"], kwh=0.5)
    driver.stop_patiently(accepted["sessionId"])
    assert driver.until_terminal(accepted["sessionId"])["state"] == "CAPTURED"
    return driver.payment(accepted["sessionId"])


def post(person, path, key=None, **body):
    return person.request("POST", f"/operations/payment/refunds{path}", headers={"Idempotency-Key": key or str(uuid.uuid4())}, json=body or None)


def ask(person, payment, amount, key=None, **more):
    return post(person, "", key, **{"paymentId": payment["paymentId"], "amount": {"amount": amount, "currency": "BRL"}, "reason": "billingError", "note": "the meter was wrong", **more})


def test_who_may_ask(platform, payment, driver):
    for person in (driver, make_operator(platform, "viewer"), make_operator(platform, "operator")):
        assert ask(person, payment, 1).status_code == 403


@pytest.mark.timeout(120)
def test_one_asks_another_approves(platform, eventually, people, payment, driver):
    first, second = people
    paid = payment["captured"]["amount"]
    key = str(uuid.uuid4())
    asked = ask(first, payment, paid, key)
    assert asked.status_code == 201, asked.text
    assert ask(first, payment, paid, key).content == asked.content
    assert_problem(ask(second, payment, 1), 422, "validation-failed")  # all of it is asked for already
    refund = asked.json()
    assert refund["state"] == "requested"
    assert assert_problem(post(first, f"/{refund['refundId']}/approve"), 409, "conflict")["detail"] == "another person must approve it"
    key = str(uuid.uuid4())
    approved = post(second, f"/{refund['refundId']}/approve", key)
    assert approved.status_code == 202, approved.text
    assert post(second, f"/{refund['refundId']}/approve", key).content == approved.content
    done = eventually(lambda: (one := first.get(f"/operations/payment/refunds/{refund['refundId']}"))["state"] == "refunded" and one, 30, what="the refund")
    assert done["requestedBy"] != done["decidedBy"]
    mine = driver.payment(payment["sessionId"])
    assert mine["refunded"]["amount"] == mine["receipt"]["refunded"]["amount"] == paid
    assert mine["receipt"]["total"] == payment["receipt"]["total"], "the price stays what it was"
    said = eventually(lambda: [record.event["data"] for record in first_occurrences(read_topics(platform, ("payment.events",)), key=payment["sessionId"])
                               if record.type == "PaymentRefunded"], 30, every_s=1, what="PaymentRefunded")
    assert [(one["refundId"], one["refunded"]["amount"], one["refundedInAll"]["amount"]) for one in said] == [(refund["refundId"], paid, paid)]
    assert_problem(ask(first, payment, 1), 422, "validation-failed")
    books = platform.evcosta("ledger", "verify", timeout=60)
    assert books.returncode == 0, books.stdout


def test_what_is_withdrawn_is_over(people, driver):
    first, second = people
    accepted, _ = driver.started()
    driver.until_charging(accepted["sessionId"])
    assert_problem(ask(first, driver.payment(accepted["sessionId"]), 1), 409, "conflict")
    driver.stop_patiently(accepted["sessionId"])
    driver.until_terminal(accepted["sessionId"])
    refund = ask(first, driver.payment(accepted["sessionId"]), 1).json()
    assert post(first, f"/{refund['refundId']}/reject").json()["state"] == "rejected"
    assert_problem(post(second, f"/{refund['refundId']}/approve"), 409, "conflict")
    assert refund["refundId"] in [one["refundId"] for one in first.get("/operations/payment/refunds", state="rejected", limit=200)["refunds"]]
