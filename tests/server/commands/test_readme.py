"""What the README promises stands in the code."""

import re
from pathlib import Path

import pytest

from server.commands.setting_texts import setting_rows

ROOT = Path(__file__).parents[3]


def test_the_readme_lists_every_setting_as_the_doctor_does() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, default, meaning in setting_rows("en")[1:]:
        shown = default if default == "—" else f"`{default}`"
        assert f"| `{name}` | {shown} | {meaning} |" in readme


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md", "CHANGELOG.md"])
def test_links_between_the_documents_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), f"{page}: {target}"
