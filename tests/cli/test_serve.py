"""`bankmine serve` refuses to send passwords through the open."""

from pathlib import Path

import pytest

from bankmine.cli.serve import require_safe
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
