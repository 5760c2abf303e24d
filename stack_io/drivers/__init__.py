"""The dialects of automated stores, one module each: bytes in, what was heard out. No input or output here."""

from collections.abc import Mapping

from stack_io.drivers.contract import Driver
from stack_io.drivers.simulator import QuestionableDriver, SimulatorDriver

DRIVERS: Mapping[str, type[Driver]] = {
    "simulator": SimulatorDriver,
    "simulator-forgetful": QuestionableDriver,
}
