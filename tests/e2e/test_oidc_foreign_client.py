"""Relying parties that we did not write: openid-client signs in, refreshes, asks and leaves, and goes on while keys are exchanged; jose checks every token."""
import json
import os
import subprocess

import pytest
from contract_files import ROOT
from relying_party import RETURN, Browser, Page, RelyingParty


class ForeignClient:
    """tests/node/relying_party.mjs, a process that keeps its tokens between orders."""

    def __init__(self, platform):
        folder = subprocess.run(["bash", "-c", f". '{ROOT}/tools/cache.sh'; evc_node"], check=True, capture_output=True, text=True).stdout.strip()
        self.process = subprocess.Popen(["node", f"{folder}/relying_party.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(platform.ca_file), "NO_PROXY": "localhost"})

    def order(self, what: str, **more) -> dict:
        answer = self.try_order(what, **more)
        assert "failed" not in answer, answer
        return answer

    def try_order(self, what: str, **more) -> dict:
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)


def signed_in(foreign: ForeignClient, platform, party: RelyingParty, browser: Browser) -> dict:
    begun = foreign.order("begin", issuer=platform.base_url, client=party.client_id, secret=party.secret, redirect=party.redirect, scope=party.scope)
    answer = browser.http.get(begun["url"], allow_redirects=False, timeout=25)
    while answer.status_code == 200:
        page = Page(answer)
        answer = browser.sign_in(page) if "password" in page.fields else browser.send(page, decision="allow")
    assert answer.status_code == 303, answer.text
    return foreign.order("finish", url=answer.headers["Location"])


@pytest.mark.parametrize("options", [pytest.param(("--secret",), id="confidential-RS256"), pytest.param(("--algorithm", "ES256"), id="public-ES256")])
def test_a_client_that_we_did_not_write_goes_the_whole_way_over_three_exchanges_of_keys(platform, somebody, eventually, options):
    # The library names its redirect URI without the query that came back.
    party, browser = RelyingParty.added(platform, *options, redirect="https://localhost:9/cb"), Browser(somebody())
    with ForeignClient(platform) as foreign:
        said = signed_in(foreign, platform, party, browser)
        assert said["userinfo"]["email"] == browser.person.email and said["userinfo"]["name"] == browser.person.name
        used = []
        for _ in range(3):
            headers = foreign.order("verify")
            used.append((headers["id"]["kid"], headers["access"]["kid"]))
            made = platform.evcosta("keys", "rotate", "2", timeout=60)
            assert made.returncode == 0 and len(made.stdout.splitlines()) == 2, made

            def exchanged():
                foreign.order("refresh")
                headers = foreign.order("verify")
                return headers["id"]["kid"] not in {one for one, _ in used} and headers["access"]["kid"] not in {one for _, one in used}  # noqa: B023
            eventually(exchanged, 20, every_s=0.3, what="tokens of the new keys")
            assert foreign.order("userinfo")["sub"] == said["claims"]["sub"]
            assert signed_in(foreign, platform, party, browser)["claims"]["auth_time"] == said["claims"]["auth_time"], "the browser is still known"
        assert foreign.order("verify")["id"]["alg"] == ("RS256" if party.secret else "ES256")
        if party.secret:
            assert all(one["active"] for one in foreign.order("introspect").values())
        leave = foreign.order("leave", to=RETURN)["url"]
        foreign.order("revoke")
        assert foreign.try_order("refresh")["failed"] == "invalid_grant"
        if party.secret:
            assert not any(one["active"] for one in foreign.order("introspect").values())
        answer = browser.http.get(leave, allow_redirects=False, timeout=25)
        assert (answer.status_code, answer.headers["Location"]) == (303, RETURN)
        page = browser.page("GET", "/oauth2/authorize", params=party.request())
        assert page.action == "/oauth2/sign-in", "signed out"
