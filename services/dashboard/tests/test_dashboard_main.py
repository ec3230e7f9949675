"""How the dashboard starts: on loopback, without statistics, with its own theme in the package."""

import subprocess
import sys
import tomllib
from pathlib import Path

from cityflow.settings import Settings
from cityflow_dashboard.main import PAGE, streamlit_command
from cityflow_dashboard.palette import DARK, LIGHT


def test_what_no_file_or_variable_may_change() -> None:
    command = streamlit_command(Settings(dashboard_port=8777, log_level="WARNING"))
    assert command[:5] == [sys.executable, "-P", "-m", "streamlit", "run"]
    for option in (
        "--server.address=127.0.0.1",
        "--server.port=8777",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
        "--logger.level=warning",
    ):
        assert option in command


def test_the_theme_is_the_palette() -> None:
    config = tomllib.loads((PAGE.parent / ".streamlit" / "config.toml").read_text("utf-8"))
    for name, palette in (("light", LIGHT), ("dark", DARK)):
        theme = config["theme"][name]
        assert theme["primaryColor"] == palette.accent
        assert theme["backgroundColor"] == palette.background
        assert theme["textColor"] == palette.text


def test_all_files_of_the_page_are_in_the_package() -> None:
    for name in ("app.py", "style.css", "icon.svg", ".streamlit/config.toml"):
        assert (PAGE.parent / name).is_file()


def test_a_bad_setting_stops_it_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from cityflow_dashboard.main import main; main()"],
        env={"DASHBOARD_PORT": "eighty"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "DASHBOARD_PORT" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
