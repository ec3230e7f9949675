"""Every bad name or value is one clear line, no secret in it."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from cityflow._environment import nearest
from cityflow.errors import BadArguments
from cityflow.settings import Settings, choose_backends, env_name, table_markdown

URL = "mongodb://user:hunter2@db:27017"


def test_defaults_are_those_of_the_design() -> None:
    settings = Settings.load({})
    assert settings == Settings()
    assert settings.output_dir == Path("output")
    assert settings.data_dir_raw == Path("output/raw")
    assert (settings.max_file_size_mb, settings.ec2_chunk_size) == (500, 100_000)
    assert (settings.engine, settings.aws_region) == ("local", "eu-west-3")
    assert (settings.api_host, settings.api_port) == ("127.0.0.1", 8000)
    assert (settings.dashboard_host, settings.dashboard_port) == ("127.0.0.1", 8501)
    assert (settings.log_level, settings.log_format) == ("INFO", "text")


def test_values_are_typed_and_the_raw_folder_follows_the_output_folder() -> None:
    settings = Settings.load(
        {
            "OUTPUT_DIR": "/data/out",
            "API_PORT": " 9000 ",
            "API_URL": "http://api:9000/",
            "CITYFLOW_LOG_LEVEL": "debug",
            "CITYFLOW_LOG_FORMAT": "JSON",
            "ENGINE": "Dask",
        }
    )
    assert settings.data_dir_raw == Path("/data/out/raw")
    assert (settings.api_port, settings.api_url) == (9000, "http://api:9000")
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")
    assert settings.engine == "dask"
    assert Settings.load({"DATA_DIR_RAW": "~/in"}).data_dir_raw == Path.home() / "in"


def test_settings_are_immutable_and_travel_between_processes() -> None:
    settings = Settings.load({"MONGODB_URL": URL})
    with pytest.raises(ValidationError, match="frozen"):
        settings.api_port = 1
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(settings) == hash(Settings.load({"MONGODB_URL": URL}))


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"DATABASE_TYPE": "postgres"}, "DATABASE_TYPE='postgres' (environment) cannot be used"),
        ({"API_PORT": "http"}, "API_PORT='http'"),
        ({"API_PORT": "0"}, "API_PORT='0'"),
        ({"DASHBOARD_PORT": "70000"}, "DASHBOARD_PORT='70000'"),
        ({"EC2_CHUNK_SIZE": "0"}, "EC2_CHUNK_SIZE='0'"),
        ({"MAX_FILE_SIZE_MB": "1.5"}, "MAX_FILE_SIZE_MB='1.5'"),
        ({"USE_S3": "maybe"}, "USE_S3='maybe'"),
        ({"ENGINE": "spark"}, "'local' or 'dask'"),
        ({"CITYFLOW_LOG_LEVEL": "loud"}, "CITYFLOW_LOG_LEVEL='LOUD'"),
        ({"CITYFLOW_LOG_FORMAT": "xml"}, "CITYFLOW_LOG_FORMAT='xml'"),
        ({"API_URL": "api:8000"}, "should start with http:// or https://"),
        ({"API_PORT": "x", "ENGINE": "y"}, "; API_PORT='x'"),
        ({"OPENDATASOFT_HOSTS": "http://a, b"}, "should start with http:// or https://"),
        ({"OPENDATASOFT_HOSTS": ","}, "at least 1 item"),
        ({"GBFS_URL": "http:///x"}, "should be an address such as"),
        ({"CALENDAR_URL": "http://host/?key=1"}, "without ? and #"),
        ({"CITYFLOW_NOW": "2025-11-06T08:00:00"}, "should have timezone info"),
        ({"CITYFLOW_NOW": "yesterday"}, "CITYFLOW_NOW='yesterday'"),
        ({"CITYFLOW_LOGLEVEL": "x"}, "did you mean CITYFLOW_LOG_LEVEL?"),
        ({"CITYFLOW_COLOUR": "x"}, "CITYFLOW_COLOUR (environment) is not a setting; known are"),
        ({"cityflow_log_level": "x"}, "cityflow_log_level (environment) is not a setting"),
    ],
)
def test_what_cannot_be_used_stops_with_one_clear_line(
    environ: dict[str, str], message: str
) -> None:
    with pytest.raises(BadArguments) as caught:
        Settings.load(environ)
    assert message.lower() in str(caught.value).lower()
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_empty_unknown_name_is_unset() -> None:
    assert Settings.load({"CITYFLOW_COLOUR": "", "MONGO_URL": ""}) == Settings()


@pytest.mark.parametrize(
    "environ",
    [
        {"MONGODB_URL": "postgres://user:hunter2@db"},
        {"API_URL": URL},
        {"DATABASE_TYPE": URL},
        {"PRIM_API_KEY": "hunter2\tand more"},
        {"PRIM_API_KEY": "hunter2é"},
        {"PRIM_URL": "https://user:hunter2@host"},
        {"OPENDATASOFT_HOSTS": "https://host,https://user:hunter2@host"},
    ],
)
def test_no_message_shows_a_password(environ: dict[str, str]) -> None:
    with pytest.raises(BadArguments) as caught:
        Settings.load(environ)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_repr_shows_a_password() -> None:
    settings = Settings.load({"MONGODB_URL": URL})
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()}"
    assert settings.mongodb_url is not None
    assert settings.mongodb_url.get_secret_value() == URL


def test_sources_default_to_their_published_addresses() -> None:
    settings = Settings.load({})
    assert settings.opendatasoft_hosts == (
        "https://opendata.paris.fr",
        "https://parisdata.opendatasoft.com",
    )
    assert settings.open_meteo_archive_url == "https://archive-api.open-meteo.com"
    assert settings.now is None


def test_addresses_of_sources_are_taken_in_their_order() -> None:
    hosts = "http://127.0.0.1:9001/, https://second/path"
    settings = Settings.load({"OPENDATASOFT_HOSTS": hosts, "OPEN_METEO_URL": "http://weather"})
    assert settings.opendatasoft_hosts == ("http://127.0.0.1:9001", "https://second/path")
    assert settings.open_meteo_archive_url == "http://weather"
    other = {"OPEN_METEO_URL": "http://weather", "OPEN_METEO_ARCHIVE_URL": "http://old"}
    assert Settings.load(other).open_meteo_archive_url == "http://old"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text(f"{URL}\n")
    settings, origins = Settings.load_with_origins({"MONGODB_URL_FILE": str(secret)})
    assert settings.mongodb_url == SecretStr(URL)
    assert origins["MONGODB_URL"] == "file"
    assert choose_backends(settings).database == "mongodb"


def test_a_secret_given_twice_or_in_no_readable_file_is_an_error(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text(" \n")
    binary.write_bytes(b"\xff\xfe\x00")
    for environ, message in [
        ({"MONGODB_URL": URL, "MONGODB_URL_FILE": str(empty)}, "both MONGODB_URL and"),
        ({"MONGODB_URL_FILE": str(tmp_path / "none")}, "No such file"),
        ({"MONGODB_URL_FILE": str(tmp_path)}, "Is a directory"),
        ({"MONGODB_URL_FILE": str(empty)}, "is empty"),
        ({"MONGODB_URL_FILE": str(binary)}, "not UTF-8"),
    ]:
        with pytest.raises(BadArguments, match=message):
            Settings.load(environ)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MONGO_URL", "MONGODB_URL"),
        ("MONGODB_URI", "MONGODB_URL"),
        ("MONGODB_URL_FIL", "MONGODB_URL_FILE"),
        ("OUTPUT_DIRS", "OUTPUT_DIR"),
        ("OUPTUT_DIR", "OUTPUT_DIR"),
        ("USE_S33", "USE_S3"),
        ("use_s3", "USE_S3"),
        ("DATABSE_TYPE", "DATABASE_TYPE"),
        ("AWS_REGIONS", "AWS_REGION"),
    ],
)
def test_a_name_within_two_letters_is_a_warning_at_every_start(
    name: str, meant: str, tmp_path: Path
) -> None:
    environ = {"PATH": os.defpath, "CITYFLOW_LOG_FORMAT": "json", name: "x"}
    code = "from cityflow.settings import Settings; Settings.load()"
    run = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=tmp_path, capture_output=True, check=True
    )
    (line,) = run.stderr.splitlines()
    event = json.loads(line)
    assert (event["level"], event["name"], event["did_you_mean"]) == ("warning", name, meant)
    assert run.stdout == b""


COMMON = [
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "PWD",
    "OLDPWD",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "EDITOR",
    "HOSTNAME",
    "LOGNAME",
    "MAIL",
    "DISPLAY",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "AWS_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "DATABASE_URL",
    "DOCKER_HOST",
    "NO_PROXY",
    "http_proxy",
    "API_KEY",
    "API_TOKEN",
    "APP_PORT",
    "APP_HOST",
    "APP_URL",
    "PORT",
    "HOST",
    "USE_TF",
    "USE_TZ",
    "API_ROOT",
    "DASK_SCHEDULER__WORK_STEALING",
    "PIP_INDEX_URL",
    "XDG_DATA_DIRS",
    "CI",
    "DEBUG",
]


def test_common_names_are_not_taken_for_misspelt_ones(capsys: pytest.CaptureFixture[str]) -> None:
    known = {env_name(field): "" for field in Settings.model_fields}
    assert Settings.load(dict.fromkeys(COMMON, "x") | known) == Settings()
    assert capsys.readouterr() == ("", "")


def levenshtein(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@given(st.text("ABC", max_size=6), st.text("ABC", max_size=6))
def test_two_letters_are_counted_as_levenshtein_does(one: str, other: str) -> None:
    assert (nearest(one, [other]) == other) == (levenshtein(one, other) <= 2)


def test_dotenv_fills_in_behind_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "# local\nexport API_PORT=9001\nDASHBOARD_PORT='9002'\nMONGODB_DATABASE=\nOTHER=1\n"
        f'MONGODB_URL="{URL}$x"\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("API_PORT", "9003")
    settings, origins = Settings.load_with_origins()
    assert (settings.api_port, origins["API_PORT"]) == (9003, "environment")
    assert (settings.dashboard_port, origins["DASHBOARD_PORT"]) == (9002, ".env")
    assert (settings.mongodb_database, origins["MONGODB_DATABASE"]) == ("cityflow", "default")
    assert settings.mongodb_url == SecretStr(f"{URL}$x")
    assert Settings.load({}) == Settings(), "a given environment is taken alone"


def test_dotenv_is_not_read_on_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("API_PORT=9001\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE")
    assert Settings.load().api_port == 8000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"API_PORT=9001\n'API\n", ".env, line 2: not NAME=value"),
        (b"API_PORT=\xff\n", ".env cannot be read (it is not UTF-8 text)"),
        (b"CITYFLOW_X=1\n", "CITYFLOW_X (.env) is not a setting"),
        (b"API_PORT=x\n", "API_PORT='x' (.env) cannot be used"),
    ],
)
def test_a_bad_dotenv_is_named(
    content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadArguments) as caught:
        Settings.load()
    assert message in str(caught.value)


def test_the_table_names_every_setting() -> None:
    table = table_markdown()
    assert table.count("\n") == 2 + len(Settings.model_fields)
    for field in Settings.model_fields:
        assert f"| `{env_name(field)}` |" in table
        assert Settings.model_fields[field].description
    assert "| `DATA_DIR_RAW` | `<OUTPUT_DIR>/raw` |" in table
    assert "| `USE_S3` | `false` |" in table
    assert "| `MONGODB_URL` | — |" in table
    assert "MONGODB_URL_FILE" in table
