"""tests/corpus/differences.py - the differences that are explained, in differences.tsv.

Its columns:
  tool      tshark or tcptrace
  capture   path in the corpus
  subject   what differs, as the comparison prints it: file, tcp 3, tcp 3 a, udp 0 b,
            http 0 request 2. With * it stands for several; `count` then says for how many, and the
            reason holds for all of them
  field     likewise
  ours      our value; * if the explanation is for several
  theirs    their value; likewise
  count     how many differences this line explains
  right     ours, theirs, or both (the two count different things by the same name); open: nobody
            has judged it yet, it stands here so that no other slips in beside it
  packet    a packet that shows it, or all
  why       what the packet shows
A difference without a line fails the comparison, and so does a line that explains fewer or more
differences than it says.
"""
import dataclasses
import fnmatch

COLUMNS = ("tool", "capture", "subject", "field", "ours", "theirs", "count", "right", "packet",
           "why")


@dataclasses.dataclass
class Explanation:
    line: int
    tool: str
    capture: str
    subject: str
    field: str
    ours: str
    theirs: str
    count: int
    right: str
    packet: str
    why: str

    def covers(self, difference):
        return (fnmatch.fnmatchcase(difference.subject, self.subject.replace("[", "[[]"))
                and fnmatch.fnmatchcase(difference.field, self.field)
                and self.ours in ("*", difference.ours) and self.theirs in ("*", difference.theirs))


def explanation(number, cells):
    if len(cells) != len(COLUMNS):
        raise ValueError(f"line {number}: {len(cells)} columns, not {len(COLUMNS)}")
    said = dict(zip(COLUMNS, cells))
    if not all(cells):
        raise ValueError(f"line {number}: a column is empty")
    if said["right"] not in ("ours", "theirs", "both", "open"):
        raise ValueError(f"line {number}: right is ours, theirs, both or open, "
                         f"not {said['right']}")
    said["count"] = int(said["count"])
    return Explanation(line=number, **said)


def read(path):
    """All explanations. The first line names the columns; # begins a comment line."""
    with open(path, encoding="utf-8") as file:
        lines = [(number, line.rstrip("\n")) for number, line in enumerate(file, 1)]
    wanted = [(number, line.split("\t")) for number, line in lines
              if line.strip() and not line.startswith("#")]
    if not wanted or tuple(wanted[0][1]) != COLUMNS:
        raise ValueError(f"the first line is not: {' '.join(COLUMNS)}")
    return [explanation(number, cells) for number, cells in wanted[1:]]


def unexplained(found, explanations):
    """What is left of the differences of one capture, and complaints about explanations that do not
    fit them."""
    left, complaints = list(found), []
    for one in explanations:
        covered = [difference for difference in left if one.covers(difference)]
        left = [difference for difference in left if not one.covers(difference)]
        if len(covered) != one.count:
            complaints.append(f"differences.tsv:{one.line} explains {one.count} "
                              f"({one.subject} {one.field}), but there are {len(covered)}")
    return left, complaints


def open_lines(tool, capture, left):
    """Lines that list what is left of a capture's differences as open. Many of one field share a
    line."""
    many = 8
    by_field = {}
    for one in left:
        by_field.setdefault(one.field, []).append(one)
    for field, alike in by_field.items():
        if len(alike) > many:
            yield "\t".join((tool, capture, "*", field, "*", "*", str(len(alike)), "open", "all",
                             "not judged yet"))
            continue
        for one in alike:
            yield "\t".join((tool, capture, one.subject, field, one.ours, one.theirs, "1", "open",
                             "all", "not judged yet"))
