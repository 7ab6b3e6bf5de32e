"""Tokens that somebody without our private key can make out of a good one. Each has a name; none may be taken."""
import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(value) -> str:
    return encode(value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode())


def raw(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Forger:
    """Has a good token, the public keys, and keys of its own."""

    def __init__(self, token: str, jwks: dict):
        self.token, self.jwks = token, jwks
        self.head, self.body, self.mark = token.split(".")
        self.header, self.claims = json.loads(decode(self.head)), json.loads(decode(self.body))
        self.signature = decode(self.mark)
        self.own, self.own_rsa, self.own_384 = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())
        numbers = self.own.public_key().public_numbers()
        self.own_jwk = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big")), "y": encode(numbers.y.to_bytes(32, "big"))}
        self.public = next(key for key in jwks["keys"] if key["kid"] == self.header["kid"])

    def signed(self, header: dict | None = None, claims: dict | None = None) -> str:
        """By a key of its own."""
        text = f"{part(header or self.header)}.{part(claims or self.claims)}"
        return f"{text}.{encode(raw(self.own.sign(text.encode(), ec.ECDSA(hashes.SHA256()))))}"

    def with_header(self, **changes) -> str:
        return f"{part({**self.header, **changes})}.{self.body}.{self.mark}"

    def with_claims(self, **changes) -> str:
        return f"{self.head}.{part({**self.claims, **changes})}.{self.mark}"

    def with_mark(self, signature: bytes) -> str:
        return f"{self.head}.{self.body}.{encode(signature)}"

    def hmac_by(self, secret: bytes, algorithm: str = "HS256") -> str:
        text = f"{part({**self.header, 'alg': algorithm})}.{self.body}"
        return f"{text}.{encode(hmac.new(secret, text.encode(), {'HS256': hashlib.sha256, 'HS384': hashlib.sha384, 'HS512': hashlib.sha512}[algorithm]).digest())}"

    def algorithms(self) -> dict[str, str]:
        point = ec.EllipticCurvePublicNumbers(*(int.from_bytes(decode(self.public[axis]), "big") for axis in "xy"), ec.SECP256R1()).public_key()
        pem = point.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        der = point.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        none = {f"alg {word}, no signature": f"{part({**self.header, 'alg': word})}.{self.body}." for word in ("none", "None", "NONE", "nOnE", "")}
        confused = {f"{algorithm} with the public key as the secret ({form})": self.hmac_by(secret, algorithm)
                    for algorithm in ("HS256", "HS384", "HS512") for form, secret in (("PEM", pem), ("DER", der), ("JWK", json.dumps(self.public).encode()))}
        return {**none, **confused, "alg none, signature kept": self.with_header(alg="none"), "alg missing": f"{part({k: v for k, v in self.header.items() if k != 'alg'})}.{self.body}.{self.mark}",
                "alg a number": self.with_header(alg=256), "alg a list": self.with_header(alg=["ES256"]), "alg ES384": self.with_header(alg="ES384"), "alg ES256K": self.with_header(alg="ES256K"),
                "alg EdDSA": self.with_header(alg="EdDSA"), "alg PS256": self.with_header(alg="PS256"), "RS256 for a key of ES256": self.rs256(), "HS256 with an empty secret": self.hmac_by(b"")}

    def rs256(self) -> str:
        text = f"{part({**self.header, 'alg': 'RS256'})}.{self.body}"
        return f"{text}.{encode(self.own_rsa.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def headers(self) -> dict[str, str]:
        brought = {f"{name} brings its own key": self.signed({**self.header, name: value})
                   for name, value in (("jwk", self.own_jwk), ("jku", "https://localhost:9/jwks.json"), ("x5u", "https://localhost:9/cert.pem"), ("x5c", [base64.b64encode(b"certificate").decode()]))}
        without_kid = {k: v for k, v in self.header.items() if k != "kid"}
        critical = {f"crit {value}": self.signed({**self.header, "crit": value, "exp": 1}) for value in (["exp"], ["b64"], [])}
        return {**brought, **critical, "another's key under our kid": self.signed(), "no kid": self.signed(without_kid), "kid of nobody": self.signed({**self.header, "kid": "nobody"}),
                "kid a path": self.signed({**self.header, "kid": "../../../../dev/null"}), "kid SQL": self.signed({**self.header, "kid": "' OR '1'='1"}), "kid a number": self.signed({**self.header, "kid": 0}),
                "kid null": self.signed({**self.header, "kid": None}), "typ JWT": self.signed({**self.header, "typ": "JWT"}), "typ changed, signature kept": self.with_header(typ="JWT"),
                "b64 false": self.signed({**self.header, "b64": False, "crit": ["b64"]}), "zip": self.signed({**self.header, "zip": "DEF"}), "header a list": f"{part([self.header])}.{self.body}.{self.mark}",
                "header null": f"{part(None)}.{self.body}.{self.mark}", "header no JSON": f"{part(b'{')}.{self.body}.{self.mark}", "header empty": f".{self.body}.{self.mark}"}

    def payloads(self) -> dict[str, str]:
        now = int(time.time())
        twice = decode(self.body)[:-1] + b',"exp":9999999999}'
        changed = {f"{name} changed": self.with_claims(**{name: value})
                   for name, value in (("sub", "somebody-else"), ("puid", "p1.aaaa"), ("sid", "another"), ("scope", "operations:payments"), ("role", "admin"), ("exp", now + 10**6), ("iss", "https://evil.example"),
                                       ("aud", "everybody"), ("iat", now + 600), ("nbf", now + 600))}
        return {**changed, "payload of another token": f"{self.head}.{part({'sub': 'x'})}.{self.mark}", "payload empty": f"{self.head}..{self.mark}", "payload no JSON": f"{self.head}.{part(b'}')}.{self.mark}",
                "payload a list": f"{self.head}.{part([])}.{self.mark}", "payload with a second exp": f"{self.head}.{part(twice)}.{self.mark}"}

    def signatures(self) -> dict[str, str]:
        r, s = self.signature[:32], self.signature[32:]
        zero, order = bytes(32), ORDER.to_bytes(32, "big")
        text = f"{self.head}.{self.body}".encode()
        return {"signature empty": f"{self.head}.{self.body}.", "signature all zero": self.with_mark(bytes(64)), "r zero": self.with_mark(zero + s), "s zero": self.with_mark(r + zero),
                "r the order": self.with_mark(order + s), "s the order": self.with_mark(r + order), "r and s exchanged": self.with_mark(s + r), "one bit": self.with_mark(bytes([self.signature[0] ^ 1]) + self.signature[1:]),
                "one byte less": self.with_mark(self.signature[:-1]), "one byte more": self.with_mark(self.signature + b"\0"), "twice": self.with_mark(self.signature * 2),
                "DER": self.with_mark(self.own.sign(text, ec.ECDSA(hashes.SHA256()))), "of P-384": self.with_mark(self.own_384.sign(text, ec.ECDSA(hashes.SHA384()))), "random": self.with_mark(hashlib.sha512(text).digest())}

    def shapes(self) -> dict[str, str]:
        return {"two parts": f"{self.head}.{self.body}", "one part": self.head, "four parts": f"{self.token}.{self.mark}", "five parts": ".".join([self.head, "", "", self.body, self.mark]),
                "a dot before": f".{self.token}", "a dot behind": f"{self.token}.", "header and payload exchanged": f"{self.body}.{self.head}.{self.mark}", "no letters of base64url": f"{self.head}.{self.body}.{'+/' * 43}",
                "half of it": self.token[: len(self.token) // 2], "JSON instead": encode(json.dumps({"payload": self.body, "protected": self.head, "signature": self.mark}).encode())}

    def all(self) -> dict[str, str]:
        return {f"{kind}: {name}": token for kind in ("algorithms", "headers", "payloads", "signatures", "shapes") for name, token in getattr(self, kind)().items()}
