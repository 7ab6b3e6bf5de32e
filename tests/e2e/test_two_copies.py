"""Two copies of the platform side by side: other ports, another run folder; neither touches the other."""
import os
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def run(*arguments, run_dir, base, root, timeout=600):
    environment = {**os.environ, "EVCOSTA_RUN_DIR": str(run_dir), "EVCOSTA_PORT_BASE": str(base)}
    return subprocess.run([str(root / "evcosta"), *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def second(platform):
    """The second copy's Platform, running; stopped at the end."""
    from running_platform import Platform

    # PostgreSQL's user must be able to enter, which pytest's own folders do not allow.
    run_dir: Path = platform.run_dir.parent / f"{platform.run_dir.name}-second"
    subprocess.run(["rm", "-rf", str(run_dir)], check=True)
    base = platform.port("GATEWAY_PORT") - 3 + 200
    up = run("up", "--no-build", run_dir=run_dir, base=base, root=platform.root)
    try:
        assert up.returncode == 0, up.stdout[-2000:] + up.stderr[-2000:]
        yield Platform(run_dir)
    finally:
        down = run("down", run_dir=run_dir, base=base, root=platform.root, timeout=120)
        assert down.returncode == 0, down.stderr


def test_both_do_the_main_job_at_the_same_time(platform, second):
    demos = [subprocess.Popen([str(platform.root / "evcosta"), "demo", "--quiet"], env={**os.environ, "EVCOSTA_RUN_DIR": str(copy.run_dir)}, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) for copy in (platform, second)]
    for demo in demos:
        _, errors = demo.communicate(timeout=200)
        assert demo.returncode == 0, errors


def test_a_token_of_one_is_nothing_to_the_other(platform, second, somebody):
    from person import Person

    person, stranger = somebody(), Person(second)
    stranger.use(person.tokens)
    assert stranger.request("GET", "/users/me").status_code == 401


def test_certificates_of_one_are_nothing_to_the_other(platform, second):
    assert platform.ca_file.read_bytes() != second.ca_file.read_bytes()
    assert platform.secret("auth-pepper") != second.secret("auth-pepper")


def test_down_stops_the_second_and_nothing_else(platform, second):
    before = {name: about["pid"] for name, about in platform.supervised().items()}
    base = second.port("GATEWAY_PORT") - 3
    assert run("down", run_dir=second.run_dir, base=base, root=platform.root, timeout=120).returncode == 0
    assert {name: about["pid"] for name, about in platform.supervised().items()} == before
    assert run("status", run_dir=second.run_dir, base=base, root=platform.root).returncode == 3
