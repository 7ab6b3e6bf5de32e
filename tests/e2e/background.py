"""Work that goes on in threads until the end of a block."""
import threading
from collections.abc import Callable


class InBackground:
    """`with` begins the work, and waits for its end after it. Whoever works looks at `ending`."""

    def __init__(self, *work: Callable[[], None], patience_s: float | None = 30):
        self.ending, self.patience_s = threading.Event(), patience_s
        self.threads = [threading.Thread(target=one, daemon=True) for one in work]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(self.patience_s)
