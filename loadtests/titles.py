"""Makes up catalogue records as a Chinese library has them and writes them as one MARC file, CNMARC in UTF-8.

    python -m loadtests.titles 600000 > titles.mrc
    python -m loadtests.titles 20000 --encoding gb18030 --seed 7 > more.mrc

The same seed gives the same records. Words are drawn as unevenly as in real titles: 中国 and 研究 stand in every sixth
or so, most names in a few.
"""

import argparse
import random
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
FIELDS, ASPECTS, METHODS, KINDS, HOUSES, LATIN, PLACES = (
    _WORDS[name].split() for name in ("fields", "aspects", "methods", "kinds", "houses", "latin", "places")
)
SURNAMES, GIVEN, LETTERS = (_WORDS[name].strip() for name in ("surnames", "given", "letters"))
ENDS = ("年鉴", "报告", "统计", "蓝皮书", "会议论文集")
PLACES += ["中国"] * 30
ASPECTS += ["研究"] * 24 + ASPECTS[1:19]


class Titles:
    """An endless catalogue from one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.names = [self._new_name() for _ in range(40_000)]

    def record(self, number: int) -> list[tuple[str, str]]:
        """The fields of one book, as (tag, text) pairs with ``$`` before subfield codes."""
        rng = self._rng
        year, author, field = rng.randint(1950, 2026), rng.choice(self.names), rng.choice(FIELDS)
        chinese = rng.random() < 0.88
        title = (
            self._title(field) if chinese else " ".join(rng.choices(LATIN, k=rng.randint(3, 8))).capitalize()
        )
        isbn = f"9787{number % 10**8:08}"
        language = "chi" if chinese else "eng"
        return [
            ("001", f"{number:09}"),
            ("010", f"  $a{isbn}{_check_digit(isbn)}$dCNY{rng.randint(10, 200)}.00"),
            ("100", f"  $a{year}0101d{year}    em y0{language}y50      ea"),
            ("101", f"0 $a{language}"),
            ("200", f"1 $a{title}$f{author}著"),
            ("210", f"  $a北京$c{rng.choice(HOUSES)}$d{year}"),
            ("606", f"0 $a{field}$x{rng.choice(ASPECTS)}$y{rng.choice(PLACES)}"),
            ("690", f"  $a{rng.choice(LETTERS)}{rng.randint(1, 999)}"),
            ("701", f" 0$a{author}$4著"),
        ]

    def _title(self, field: str) -> str:
        rng = self._rng
        place, aspect, other = rng.choice(PLACES), rng.choice(ASPECTS), rng.choice(FIELDS)
        match rng.randrange(10):
            case 0 | 1 | 2:
                return f"{place}{field}{aspect}研究" if aspect != "研究" else f"{place}{field}研究"
            case 3 | 4:
                return f"{field}{rng.choice(KINDS)}$e{other}与{field}的{aspect}"
            case 5:
                return f"基于{rng.choice(METHODS)}的{field}{aspect}"
            case 6:
                return f"{rng.choice(self.names)}{field}{rng.choice(('文集', '论文选', '讲稿', '书信集'))}"
            case 7:
                return f"{place}{rng.choice(self.names)[1:]}县{field}志"
            case 8:
                return f"{field}与{other}：{place}的{aspect}"
        return f"{rng.randint(1980, 2026)}年{place}{field}{rng.choice(ENDS)}"

    def _new_name(self) -> str:
        return self._rng.choice(SURNAMES) + "".join(self._rng.choices(GIVEN, k=self._rng.choice((1, 2, 2))))


def marc(fields: Sequence[tuple[str, str]], encoding: str = "utf-8") -> bytes:
    """One CNMARC record in ISO 2709."""
    directory, data = [], b""
    for tag, text in fields:
        body = text.replace("$", "\x1f").encode(encoding) + b"\x1e"
        directory.append(f"{tag}{len(body):04}{len(data):05}")
        data += body
    entries = "".join(directory).encode()
    base = 24 + len(entries) + 1
    return f"{base + len(data) + 1:05}nam0 22{base:05}   450 ".encode() + entries + b"\x1e" + data + b"\x1d"


def records(count: int, seed: int = 1, encoding: str = "utf-8") -> Iterator[bytes]:
    """So many records, one after the other."""
    titles = Titles(seed)
    for number in range(1, count + 1):
        yield marc(titles.record(number), encoding)


def _check_digit(digits: str) -> int:
    return -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int, help="how many records")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other records (%(default)s)")
    parser.add_argument("--encoding", choices=("utf-8", "gb18030"), default="utf-8", help="(%(default)s)")
    args = parser.parse_args()
    for record in records(args.count, args.seed, args.encoding):
        sys.stdout.buffer.write(record)


if __name__ == "__main__":
    main()
