"""People who run the platform."""
from person import Person

PASSWORD = "uma-senha-de-operador-bem-longa"


def make_operator(platform, role: str, operator: Person | None = None) -> Person:
    """Operators are made on the machine that runs auth; nobody can register as one. One that is there gets the role and the password again."""
    operator = operator or Person(platform)
    done = platform.evcosta("operator", operator.email, role, "Operadora", typed=PASSWORD + "\n", timeout=30)
    assert done.returncode == 0, done.stderr
    answer = operator.request("POST", "/auth/login", json={"email": operator.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    operator.use(answer.json())
    return operator
