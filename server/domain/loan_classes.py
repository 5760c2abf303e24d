"""The Chinese Library Classification as readers browse it: main classes and the level below.

Their names are words (``loans.class.<code>``). Numbers of other classifications belong to no class here.
"""

import re
from collections.abc import Mapping

_SECOND: Mapping[str, str] = {
    "A": "A1 A2 A3 A4 A5 A7 A8",
    "B": "B0 B1 B2 B3 B4 B5 B6 B7 B80 B81 B82 B83 B84 B9",
    "C": "C0 C1 C2 C3 C4 C5 C6 C8 C91 C92 C93 C94 C95 C96 C97",
    "D": "D0 D1 D2 D3 D4 D5 D6 D7 D8 D9",
    "E": "E0 E1 E2 E3 E8 E9",
    "F": "F0 F1 F2 F3 F4 F5 F59 F6 F7 F8",
    "G": "G0 G1 G2 G3 G4 G5 G6 G7 G8",
    "H": "H0 H1 H2 H3 H4 H5 H6 H7 H8 H9",
    "I": "I0 I1 I2 I3 I4 I5 I6 I7",
    "J": "J0 J1 J2 J3 J4 J5 J6 J7 J8 J9",
    "K": "K0 K1 K2 K3 K4 K5 K6 K7 K81 K85 K89 K9",
    "N": "N0 N1 N2 N3 N4 N5 N6 N8 N9",
    "O": "O1 O3 O4 O6 O7",
    "P": "P1 P2 P3 P4 P5 P7 P9",
    "Q": "Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q81 Q91 Q93 Q94 Q95 Q96 Q98",
    "R": "R1 R2 R3 R4 R5 R6 R71 R72 R73 R74 R75 R76 R77 R78 R79 R8 R9",
    "S": "S1 S2 S3 S4 S5 S6 S7 S8 S9",
    "T": "TB TD TE TF TG TH TJ TK TL TM TN TP TQ TS TU TV",
    "U": "U1 U2 U4 U6 U8",
    "V": "V1 V2 V4 V7",
    "X": "X1 X2 X3 X4 X5 X7 X8 X9",
    "Z": "Z1 Z2 Z3 Z4 Z5 Z6 Z8",
}
CLASSES: Mapping[str, tuple[str, ...]] = {main: tuple(codes.split()) for main, codes in _SECOND.items()}
# Numbers that the classification treats together with a neighbour's.
_WITH = {"K82": "K81", "K83": "K81", "K86": "K85", "K87": "K85", "K88": "K85"}
_WITH |= dict.fromkeys(("E4", "E5", "E6", "E7"), "E3")
_NUMBER = re.compile(r"\s*([A-Z])([A-Z]?)(\d{0,2})", re.IGNORECASE)


def class_codes(class_number: str) -> tuple[str, str]:
    """The main class of a class number and the one below: I247.5 is ("I", "I2"). Empty where it has none."""
    found = _NUMBER.match(class_number)
    if not found or found[1].upper() not in CLASSES:
        return "", ""
    main, whole = found[1].upper(), "".join(found.groups()).upper()
    whole = next((code for head, code in _WITH.items() if whole.startswith(head)), whole)
    return main, max((code for code in CLASSES[main] if whole.startswith(code)), key=len, default="")


def is_class(code: str) -> bool:
    """Whether it is one of the classes that can be browsed."""
    return code in CLASSES or (code[:1] in CLASSES and code in CLASSES[code[:1]])
