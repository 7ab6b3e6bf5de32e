"""The books counted again from their rows: plain rows in, what does not fit out. Trusts nothing that the database calculated itself.
Shared by `evcosta ledger verify` and the kill storm. Standard library only."""
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

KINDS = {
    "balance": "balances and sums that the transfers do not explain",
    "pending": "reservations that are resolved twice, wrongly, or by nobody",
    "account": "payments whose transfers or account are not what they should be",
    "chain": "links of the hash chain that do not fit",
    "price": "sessions whose price, receipt, payment and session do not agree",
}
OPEN_PAYMENTS = ("requested", "unknown", "authorised", "capturing", "voiding")
# The hold is over; a payment that failed may have had one that the provider would not let go.
SETTLED_PAYMENTS = ("captured", "voided", "expired")
BILLED_SESSIONS = ("CAPTURED", "RECEIVABLE")
TERMINAL_SESSIONS = ("FAILED", "VOIDED", "EXPIRED", *BILLED_SESSIONS)


class Finding(NamedTuple):
    kind: str
    about: str
    text: str


Found = Iterator[Finding]


def check_books(books: dict) -> list[Finding]:
    """`books`: rows of transfers, accounts, head, payments, sessions."""
    transfers, payments = books["transfers"], books["payments"]
    return [*balances(transfers, books["accounts"]), *pendings(transfers, payments), *accounts(transfers, payments), *chain(transfers, books["head"]),
            *prices(payments, books["sessions"])]


def balances(transfers: list[dict], kept_accounts: list[dict]) -> Found:
    """Every balance again from the transfers, then the sums of each currency."""
    counted, reserved_by = defaultdict(lambda: [0, 0, 0, 0]), {}
    for row in transfers:
        debit, credit = counted[row["debit"], row["currency"]], counted[row["credit"], row["currency"]]
        if row["kind"] == "pending":
            reserved_by[row["id"]] = row["amount"]
            debit[0] += row["amount"]
            credit[2] += row["amount"]
            continue
        if row["pending_id"]:
            reserved = reserved_by.pop(row["pending_id"], 0)
            debit[0] -= reserved
            credit[2] -= reserved
        if row["kind"] != "void":
            debit[1] += row["amount"]
            credit[3] += row["amount"]
    sums = defaultdict(int)
    known = set()
    for account in kept_accounts:
        kept = [account[column] for column in ("debits_pending", "debits_posted", "credits_pending", "credits_posted")]
        known.add((account["code"], account["currency"]))
        sums[account["currency"], "pending"] += kept[0] - kept[2]
        sums[account["currency"], "posted"] += kept[1] - kept[3]
        if kept != counted[account["code"], account["currency"]]:
            yield Finding("balance", account["code"], f"kept {kept}, by its transfers {counted[account['code'], account['currency']]}")
    for code, currency in counted.keys() - known:
        yield Finding("balance", code, f"transfers in {currency}, but no account")
    for (currency, what), difference in sums.items():
        if difference:
            yield Finding("balance", currency, f"debits and credits {what} differ by {difference}")


def pendings(transfers: list[dict], payments: list[dict]) -> Found:
    # Of a payment that failed the hold may be one that the provider would not let go: a case is open for it.
    open_accounts = {f"payment:{payment['id']}" for payment in payments if payment["state"] in (*OPEN_PAYMENTS, "failed")}
    open_accounts |= {f"payment:{payment['id']}" for payment in payments if open_refund(payment)}
    waiting: dict[str, dict] = {}
    for row in transfers:
        if row["kind"] == "pending":
            waiting[row["id"]] = row
        elif row["pending_id"]:
            held = waiting.pop(row["pending_id"], None)
            if held is None:
                yield Finding("pending", row["id"], "it resolves what is not pending")
            elif (held["debit"], held["credit"], held["currency"]) != (row["debit"], row["credit"], row["currency"]):
                yield Finding("pending", row["id"], "it resolves a reservation between other accounts")
            elif row["amount"] > held["amount"] or row["kind"] == "void" and row["amount"] != held["amount"]:
                yield Finding("pending", row["id"], f"{row['kind']} of {row['amount']}, but {held['amount']} were reserved")
    for row in waiting.values():
        if row["credit"] not in open_accounts and row["debit"] not in open_accounts:
            yield Finding("pending", row["id"], f"{row['amount']} {row['currency']} stay reserved although {row['credit']} is over")


def open_refund(payment: dict) -> bool:
    return any(refund["state"] in ("approved", "unknown") for refund in payment.get("refunds") or [])


def expected_transfers(payment: dict) -> Counter:
    """What the books must hold for a payment as it stands."""
    clearing, provider = f"payment:{payment['id']}", "provider"
    rows = []
    if payment["held"]:
        holds = [payment["asked"], *(one["amount"] for one in payment.get("increments") or [] if one["state"] == "authorised")]
        left = payment["captured"]
        for amount in holds:
            rows.append(("pending", provider, clearing, amount))
            if payment["state"] not in SETTLED_PAYMENTS:
                continue
            taken = min(left, amount)
            left -= taken
            rows.append(("post", provider, clearing, taken) if taken else ("void", provider, clearing, amount))
    if payment["receivable"]:
        rows.append(("single", f"driver:{payment['puid']}", clearing, payment["receivable"]))
    if payment["state"] == "captured" and payment["price"]:
        rows.append(("single", clearing, "revenue:charging", payment["price"]))
    for refund in payment.get("refunds") or []:
        if refund["state"] in ("approved", "unknown", "refunded", "failed"):
            rows.append(("pending", clearing, provider, refund["amount"]))
        if refund["state"] == "refunded":
            rows += [("post", clearing, provider, refund["amount"]), ("single", "revenue:refunds", clearing, refund["amount"])]
        if refund["state"] == "failed":
            rows.append(("void", clearing, provider, refund["amount"]))
    return Counter(rows)


def accounts(transfers: list[dict], payments: list[dict]) -> Found:
    found, sums = defaultdict(Counter), defaultdict(int)
    for row in transfers:
        clearing = row["credit"] if row["credit"].startswith("payment:") else row["debit"]
        found[clearing][row["kind"], row["debit"], row["credit"], row["amount"]] += 1
        if row["kind"] in ("single", "post"):
            sums[clearing] += row["amount"] if row["credit"] == clearing else -row["amount"]
    for payment in payments:
        account = f"payment:{payment['id']}"
        there, expected = found.pop(account, Counter()), expected_transfers(payment)
        if there != expected:
            yield Finding("account", payment["session_id"], f"payment {payment['id']} is {payment['state']}: too many {dict(there - expected)}, missing {dict(expected - there)}")
        if payment["state"] not in OPEN_PAYMENTS and sums[account]:
            yield Finding("account", payment["session_id"], f"{sums[account]} are left on {account}")
    for account, rows in found.items():
        yield Finding("account", account, f"no payment explains {dict(rows)}")


def chain(transfers: list[dict], head: list[dict]) -> Found:
    """Each link hashes what stands in its row and the link before; the head is the last one, so that a cut end is seen too."""
    previous, position = "", 0
    for position, row in enumerate(sorted(transfers, key=lambda row: row["position"]), start=1):
        fields = (row["position"], row["id"], row["kind"], row["debit_id"], row["credit_id"], row["amount"], row["currency"], row["pending_id"] or "-", row["session_id"], row["created_us"])
        expected = hashlib.sha256(bytes.fromhex(row["previous_hash"]) + "|".join(map(str, fields)).encode()).hexdigest()
        if row["position"] != position or row["previous_hash"] != previous or row["hash"] != expected:
            yield Finding("chain", row["id"], f"position {row['position']}, expected {position}")
        previous = row["hash"]
    for row in head:
        if (row["position"], row["hash"]) != (position, previous):
            yield Finding("chain", "head", f"the chain ends at {position}, its head says {row['position']}")


def prices(payments: list[dict], sessions: list[dict]) -> Found:
    """captured + receivable = price = receipt = session, wherever both sides are over."""
    payment_of = {payment["session_id"]: payment for payment in payments}
    for payment in payments:
        if payment["state"] == "captured":
            told = {"price": payment["price"], "captured + receivable": payment["captured"] + payment["receivable"], "receipt": payment["receipt_total"]}
            if len(set(told.values())) > 1:
                yield Finding("price", payment["session_id"], f"payment {payment['id']}: {told}")
        if payment["state"] in SETTLED_PAYMENTS and payment["captured"] + payment["released"] != payment["held"]:
            yield Finding("price", payment["session_id"], f"payment {payment['id']}: captured {payment['captured']}, released {payment['released']} of {payment['held']} held")
        if payment["held"] > max(payment["asked"], payment.get("hold_limit") or 0):
            yield Finding("price", payment["session_id"], f"payment {payment['id']}: {payment['held']} held, which is more than was agreed to")
        given_back = sum(refund["amount"] for refund in payment.get("refunds") or [] if refund["state"] == "refunded")
        if payment["refunded"] > payment["captured"] or given_back != payment["refunded"]:
            yield Finding("price", payment["session_id"], f"payment {payment['id']}: refunded {payment['refunded']} of {payment['captured']}, its refunds say {given_back}")
    for session in sessions:
        if session["state"] in TERMINAL_SESSIONS:
            yield from session_price(session, payment_of.get(session["id"]))


def session_price(session: dict, payment: dict | None) -> Found:
    billed = session["state"] in BILLED_SESSIONS
    if not billed:
        if session["cost_minor"]:
            yield Finding("price", session["id"], f"{session['state']}, and {session['cost_minor']} are neither paid nor owed")
        if payment and (payment["captured"] or payment["receivable"]):
            yield Finding("price", session["id"], f"{session['state']}, but payment took {payment['captured']} and is owed {payment['receivable']}")
        return
    if payment is None:
        yield Finding("price", session["id"], f"{session['state']} without a payment")
        return
    told = {"price": (session["cost_minor"], payment["price"]), "captured": (session["captured_minor"], payment["captured"]),
            "receivable": (session["receivable_minor"], payment["receivable"])}
    for what, (of_session, of_payment) in told.items():
        if of_session != of_payment:
            yield Finding("price", session["id"], f"{what}: the session says {of_session}, payment {of_payment}")
