"""Checks what `gatehouse build` wrote to a folder: every package and its bill of materials."""

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

folder = Path(sys.argv[1])
private = [text.encode() for text in sys.argv[2:]]


def check(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        (entry,) = archive.infolist()
        binary = archive.read(entry)
    assert entry.filename == "bootstrap", entry
    assert entry.date_time == (1980, 1, 1, 0, 0, 0), entry
    assert entry.external_attr >> 16 & 0o7777 == 0o755, entry
    assert binary.startswith(b"\x7fELF"), package
    for path in private:
        assert path not in binary, f"{package} contains {path}"

    text = package.with_suffix(".cdx.json").read_text()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    # The error's text contains the whole schema.
    assert error is None, error.data.message
    bom = json.loads(text)
    subject = bom["metadata"]["component"]
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert subject["name"] == package.stem, subject
    assert subject["hashes"] == [{"alg": "SHA-256", "content": digest}], subject
    tools = {tool["name"] for tool in bom["metadata"]["tools"]["components"]}
    assert tools == {"cargo-lambda", "gatehouse", "rustc", "zig"}, tools

    listed = {f"{one['name']}-{one['version']}" for one in bom["components"]}
    # Panics name their source, so the binary itself says which crates are in it.
    found = set(re.findall(rb"/registry/([0-9A-Za-z_.+-]+)/", binary))
    linked = {name.decode() for name in found}
    assert len(linked) > 10, linked
    assert linked <= listed, linked - listed
    for one in bom["components"]:
        ours = one["name"].startswith("gatehouse-")
        assert ("purl" in one) != ours and ("hashes" in one) != ours, one
        assert one["licenses"], one
    names = {one["name"] for one in bom["components"]}
    assert not names & {"syn", "serde_derive", "cc", "gatehouse-testing"}, names
    refs = {one["ref"] for one in bom["dependencies"]}
    assert refs == {one["bom-ref"] for one in [*bom["components"], subject]}
    used = {ref for one in bom["dependencies"] for ref in one["dependsOn"]}
    assert used == refs - {subject["bom-ref"]}


packages = sorted(folder.glob("*.zip"))
assert packages, f"{folder} has no packages"
for package in packages:
    check(package)
print(" ".join(package.stem for package in packages))
