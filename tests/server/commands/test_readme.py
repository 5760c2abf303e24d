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


PAGES = [
    "README.md",
    "CHANGELOG.md",
    *(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("page", PAGES)
def test_what_the_documents_name_is_there(page: str) -> None:
    path = ROOT / page
    said = path.read_text("utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", said):
        assert (path.parent / target).exists(), f"{page}: {target}"
    for name in re.findall(r"`((?:docs|loadtests|server|tests|tools|web|workers)/[\w./-]+)`", said):
        assert (ROOT / name).exists(), f"{page}: {name}"


def test_each_page_of_the_documents_is_found_from_the_readme() -> None:
    found, new = set[Path](), {ROOT / "README.md"}
    while new:
        page = new.pop()
        found.add(page)
        targets = re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", page.read_text("utf-8"))
        linked = {(page.parent / target).resolve() for target in targets}
        new |= {path for path in linked if path.suffix == ".md"} - found
    wanted = set((ROOT / "docs").glob("*.md"))
    assert {str(page.relative_to(ROOT)) for page in wanted - found} == set()
