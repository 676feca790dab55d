"""Where jobs are kept, the hosts that are spoken to for them, and whose they are."""

import pytest

from pipeline.settings import SettingsError, read_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in ("API_KEY", "DATABASE_URL", "FETCH_HOSTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_is_spoken_to_by_the_driver_that_is_installed(monkeypatch, scheme):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://asr:secret@database/asr")
    url = read_settings().database_url.get_secret_value()
    assert url == "postgresql+psycopg://asr:secret@database/asr"


@pytest.mark.parametrize("url", ["mysql://asr:secret@database/asr", "secret", "postgresql://"])
def test_another_database_is_refused_and_its_password_not_shown(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsError, match=r"^DATABASE_URL: give postgresql://") as failure:
        read_settings()
    assert "secret" not in str(failure.value)


def test_a_folder_in_the_home_is_found_from_everywhere(monkeypatch):
    monkeypatch.setenv("HOME", "/somebody")
    monkeypatch.setenv("DATA_DIR", "~/data")
    assert str(read_settings().data_dir) == "/somebody/data"


def test_hosts_are_names_and_networks(monkeypatch):
    monkeypatch.setenv("FETCH_HOSTS", "Media.example.org, *.example.com,192.168.1.0/24,fd00::/8,*")
    assert read_settings().fetch_hosts == (
        *("media.example.org", "*.example.com", "192.168.1.0/24", "fd00::/8", "*"),
    )


@pytest.mark.parametrize(
    "host", ["http://example.org", "example.org/path", "a b", "exa*mple.org", "192.168.1.1/24"]
)
def test_what_is_no_host_is_named(monkeypatch, host):
    monkeypatch.setenv("FETCH_HOSTS", f"example.org,{host}")
    with pytest.raises(SettingsError, match=r"^FETCH_HOSTS=") as failure:
        read_settings()
    assert f"{host!r} is no host" in str(failure.value)


def test_keys_of_one_name_have_one_owner(monkeypatch):
    old, new, other = "the-old-key-of-speakr", "the-new-key:of-speakr", "a/key:of-somebody-else"
    monkeypatch.setenv("API_KEY", f"speakr:{old},speakr:{new},{other}")
    owners = read_settings().owners
    assert owners.keys() == {old, new, other}
    assert (owners[old], owners[new]) == ("speakr", "speakr")
    assert owners[other].startswith("key-")
    assert other not in owners[other]


def test_the_owner_of_a_key_without_a_name_does_not_depend_on_others(monkeypatch):
    key, another = "the-old-key-of-speakr", "another-key-of-others"
    monkeypatch.setenv("API_KEY", f"{key},{another}")
    before = read_settings().owners[key]
    monkeypatch.setenv("API_KEY", f"{another},{key}")
    assert read_settings().owners[key] == before


def test_a_name_does_not_make_a_key_longer(monkeypatch):
    monkeypatch.setenv("API_KEY", "a-very-long-name:short")
    with pytest.raises(SettingsError, match=r"key 1 of 1 has 5 characters"):
        read_settings()
