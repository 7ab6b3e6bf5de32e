"""What is struck when: a row of strikes that follows from the seed alone, so that the same seed strikes the same processes at the same distances again."""
import random
from collections.abc import Iterator
from dataclasses import dataclass

# Process → how often it is chosen. `backend` is one server process of PostgreSQL: the postmaster ends all others after it.
WEIGHTS = {"charging": 12, "payment": 12, "integrations": 10, "relay-charging": 8, "relay-payment": 8, "relay-integrations": 7, "gateway": 6, "payment-provider": 6,
           "auth": 5, "backend": 3, "redis": 4, "collector": 4, "user": 3, "routing": 3, "kafka": 3, "postgres": 1}
# Seconds of the plan in which a process is not chosen again: what needs longer to come back would only be kept down.
REST_S = {"kafka": 15.0, "postgres": 15.0, "backend": 10.0}
REST_ELSE_S = 2.5
PAUSES = 0.2        # share of strikes that stop a process for a while instead of ending it
AT_ONCE = 0.15      # share of strikes that follow the one before at once
PAUSE_S = (0.3, 12.0)  # up to beyond the platform's own time-outs


@dataclass(frozen=True)
class Strike:
    number: int
    after_s: float   # since the strike before
    victim: str
    signal: str      # KILL or STOP
    pause_s: float   # of STOP
    place: float     # 0–1: which of several processes


def strikes(seed: int, mean_s: float) -> Iterator[Strike]:
    """Without end. `mean_s` is the mean distance of two strikes that are not at once."""
    chance, now, number = random.Random(seed), 0.0, 0
    resting: dict[str, float] = {}
    while True:
        number += 1
        at_once = chance.random() < AT_ONCE
        after_s = chance.uniform(0, 0.1) if at_once else chance.uniform(0.2, 2 * mean_s)
        now += after_s
        awake = [name for name in WEIGHTS if resting.get(name, 0) <= now]
        victim = chance.choices(awake, [WEIGHTS[name] for name in awake])[0]
        resting[victim] = now + REST_S.get(victim, REST_ELSE_S)
        if victim == "backend":
            resting["postgres"] = max(resting.get("postgres", 0), resting[victim])
        pause = chance.random() < PAUSES
        low, high = PAUSE_S
        pause_s = low * (high / low) ** chance.random()
        yield Strike(number, round(after_s, 3), victim, "STOP" if pause else "KILL", round(pause_s, 3) if pause else 0.0, round(chance.random(), 6))
