"""`bankmine serve` refuses to send passwords through the open."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bankmine.cli.serve import CIPHERS, require_safe
from bankmine.errors import UsageError

PEM, KEY = Path("bank.pem"), Path("bank.key")


def test_plain_http_is_for_this_machine():
    assert "localhost" in require_safe("127.0.0.1", [], None, None, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "bank.example"])
def test_other_machines_need_encryption(host):
    with pytest.raises(UsageError, match="nothing would be encrypted"):
        require_safe(host, ["bank.example"], None, None, False)


def test_with_a_certificate_it_answers_under_its_name_only():
    assert require_safe("0.0.0.0", ["bank.example"], PEM, KEY, False) == ["bank.example"]


def test_a_certificate_without_its_key_is_refused():
    with pytest.raises(UsageError, match="belong together"):
        require_safe("0.0.0.0", ["bank.example"], PEM, None, False)


def test_behind_a_proxy_the_name_people_use_must_be_said():
    with pytest.raises(UsageError, match="under which name"):
        require_safe("127.0.0.1", [], None, None, True)
    assert require_safe("127.0.0.1", ["bank.example"], None, None, True) == ["bank.example"]


@pytest.fixture
def certificate(tmp_path):
    """A certificate of our own making, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3_650))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "bank.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "bank.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return tmp_path / "bank.pem", tmp_path / "bank.key"


def test_https_speaks_no_old_version_and_no_weak_cipher(certificate):
    import uvicorn

    pem, key = certificate
    config = uvicorn.Config(lambda: None, ssl_certfile=pem, ssl_keyfile=key, ssl_ciphers=CIPHERS)
    config.load()
    assert config.ssl.minimum_version >= ssl.TLSVersion.TLSv1_2
    for cipher in config.ssl.get_ciphers():
        assert cipher["aead"]
        assert cipher["protocol"] == "TLSv1.3" or cipher["name"].startswith("ECDHE")
