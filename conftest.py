"""What the tests of several packages share: the real data, and archives as the city writes them."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import hypothesis
import inflate64
import pytest

# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

ZipBuilder = Callable[[dict[str, bytes]], bytes]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real published files: TEST_DATA, or shared/data/real beside the repository.

    A clone without them says which tests it skips; where TEST_DATA is set, as in CI, they must run.
    """
    given = os.environ.get("TEST_DATA")
    folder = Path(given or Path(__file__).parent.parent / "shared" / "data" / "real")
    if not (folder / "comptages").is_dir():
        said = f"no real data in {folder}: set TEST_DATA to the folder that holds it"
        (pytest.fail if given else pytest.skip)(said)
    return folder


@pytest.fixture(scope="session")
def deflate64_zip() -> ZipBuilder:
    """Builds a zip archive of deflate64 members, which no tool of the standard library writes."""

    def build(members: dict[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members.items():
                deflater = inflate64.Deflater()
                archive.writestr(name, deflater.deflate(content) + deflater.flush())
                info = archive.getinfo(name)
                info.compress_type, info.CRC, info.file_size = 9, zlib.crc32(content), len(content)
        # zipfile wrote the local headers of stored members: mark these too.
        data = bytearray(buffer.getvalue())
        for info in archive.infolist():
            sizes = (info.CRC, info.compress_size, info.file_size)
            struct.pack_into("<H4xIII", data, info.header_offset + 8, 9, *sizes)
        return bytes(data)

    return build
