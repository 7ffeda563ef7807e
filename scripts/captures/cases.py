"""cases.py - what a case is, and the list of all of them."""
import dataclasses
import importlib
import pathlib
import typing

import lab

ALL = {}  # a capture's name -> Case, in order of definition

_README = lab.CAPTURES / "README.md"
_MARK = "<!-- The table below is written by scripts/captures/make --table. -->\n"


@dataclasses.dataclass
class Case:
    name: str
    shows: str
    maker: typing.Callable
    source: str

    def make(self):
        with lab.Lab() as here:
            self.maker(here, self.name)


def case(name, shows):
    """Registers a function (lab, name) that makes captures/NAME; `shows` goes into the table."""

    def register(maker):
        ALL[name] = Case(name, shows, maker, pathlib.Path(maker.__code__.co_filename).name)
        return maker

    return register


def write_table():
    rows = ["| file | what it shows | made by |", "|---|---|---|"]
    rows += [f"| `{one.name}` | {one.shows} | `{one.source}` |" for one in ALL.values()]
    text = _README.read_text().split(_MARK)[0]
    _README.write_text(text + _MARK + "\n".join(rows) + "\n")


for _module in ("demo_case", "http1_cases", "tcp_cases", "tunnel_cases", "fragment_cases",
                "attack_cases"):
    importlib.import_module(_module)
