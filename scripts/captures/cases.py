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


def readme():
    """captures/README.md with the table as it should be."""
    rows = ["| file | what it shows | made by |", "|---|---|---|"]
    rows += [f"| `{one.name}` | {one.shows} | `{one.source}` |" for one in ALL.values()]
    return _README.read_text().split(_MARK)[0] + _MARK + "\n".join(rows) + "\n"


def write_table():
    _README.write_text(readme())


def complaints():
    """Where captures/ and this list disagree."""
    present = {str(path.relative_to(lab.CAPTURES)) for path in lab.CAPTURES.rglob("*.pcap*")
               if path.suffix != ".keys"}
    found = [f"captures/{name} has no case that makes it" for name in sorted(present - set(ALL))]
    found += [f"captures/{name} is missing" for name in sorted(set(ALL) - present)]
    if _README.read_text() != readme():
        found.append("captures/README.md is out of date: scripts/captures/make --table")
    return found


for _module in ("demo_case", "http1_cases", "http2_cases", "realtime_cases", "tls_cases",
                "tls_rule_cases", "decryption_cases", "session_cases", "certificate_cases",
                "tcp_cases", "tunnel_cases", "fragment_cases", "attack_cases", "finding_cases",
                "http1_finding_cases", "web_finding_cases", "format_cases"):
    importlib.import_module(_module)
