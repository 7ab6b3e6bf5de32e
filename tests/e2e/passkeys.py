"""An authenticator for people of the tests, its encodings by python-fido2; and the ceremonies against the public API."""
import base64
import hashlib
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData
from person import PASSWORD

FLAG = AuthenticatorData.FLAG


def b64u(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One passkey at most."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.user_handle = secrets.token_bytes(32)
        self.count = 0

    def register(self, options: dict, origin: str) -> dict:
        self.user_handle = unb64u(options["user"]["id"])
        client_data = CollectedClientData.create("webauthn.create", options["challenge"], origin)
        credential = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, ES256.from_cryptography_key(self.key.public_key()))
        data = AuthenticatorData.create(hashlib.sha256(options["rp"]["id"].encode()).digest(), FLAG.UP | FLAG.UV | FLAG.AT, self.count, credential)
        return {"id": b64u(self.credential_id), "rawId": b64u(self.credential_id), "type": "public-key", "clientExtensionResults": {},
                "response": {"clientDataJSON": b64u(bytes(client_data)), "attestationObject": b64u(bytes(AttestationObject.create("none", data, {})))}}

    def sign_in(self, options: dict, origin: str) -> dict:
        self.count += 1
        client_data = CollectedClientData.create("webauthn.get", options["challenge"], origin)
        data = AuthenticatorData.create(hashlib.sha256(options["rpId"].encode()).digest(), FLAG.UP | FLAG.UV, self.count)
        signature = self.key.sign(bytes(data) + client_data.hash, ec.ECDSA(hashes.SHA256()))
        return {"id": b64u(self.credential_id), "rawId": b64u(self.credential_id), "type": "public-key", "clientExtensionResults": {},
                "response": {"clientDataJSON": b64u(bytes(client_data)), "authenticatorData": b64u(bytes(data)), "signature": b64u(signature), "userHandle": b64u(self.user_handle)}}


def prove(person, **more):
    return person.request("POST", "/auth/proof", json={"password": PASSWORD, **more})


def add_passkey(person, name: str = "Chave", authenticator: Authenticator | None = None) -> tuple[Authenticator, dict]:
    """(the authenticator, what the platform says of the passkey)"""
    authenticator = authenticator or Authenticator()
    assert prove(person).status_code == 204
    options = person.request("POST", "/auth/passkeys/options")
    assert options.status_code == 200, options.text
    answer = person.request("POST", "/auth/passkeys", json={"name": name, "passkey": authenticator.register(options.json(), person.platform.base_url)})
    assert answer.status_code == 201, answer.text
    return authenticator, answer.json()


def sign_in(person, authenticator: Authenticator):
    options = person.request("POST", "/auth/passkeys/sign-in/options").json()
    return person.request("POST", "/auth/passkeys/sign-in", json={"passkey": authenticator.sign_in(options, person.platform.base_url)})
