"""Simulated home: a home whose operator is the simulator; it lives on with whomever Holdfast's campaigns contacted.

The operator is the outside world, though it lives in folders of the home: `extracts/` is what it sends, `truth/` what
nobody outside can know, `simulator/` its state. Nothing but the extracts ever gets into the tables.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features import HoldfastError
from features.durable_files import write_durably
from features.months import Month
from flows.key import key_file
from flows.settings import SOURCES
from flows.simulated_dialler import calls, refuse_untold, waiting_campaigns
from flows.workspace import Workspace

if TYPE_CHECKING:
    from infra.simulator.contact_book import Called
    from infra.simulator.outreach import Contacts
    from infra.simulator.sending import Sending
    from infra.simulator.worlds import World

SOURCE = "simulated_operator"
LOCK = "simulator"


class SimulationError(HoldfastError):
    """A home that has no simulated operator, or has another one already, or a world that cannot be lived in."""


@dataclass(frozen=True)
class Order:
    """Which operator is wanted, and how it is to send its extracts.

    `draw` is the seed by which the world's constants are drawn from their ranges; None leaves them as they are.
    """

    world: str
    customers: int
    seed: int
    first: Month
    form: str = "parquet"
    dirt: float = 0.0
    draw: int | None = None


@dataclass(frozen=True)
class SimulatedOperator:
    """The operator of a home: where its folders are."""

    root: Path

    @property
    def extracts(self) -> Path:
        return self.root / "extracts"

    @property
    def truth(self) -> Path:
        return self.root / "truth"

    @property
    def state(self) -> Path:
        return self.root / "simulator"

    @property
    def book(self) -> Path:
        return self.state / "contacts.csv"

    @property
    def facts_file(self) -> Path:
        return self.state / "order.json"

    @property
    def mapping(self) -> Path:
        return self.root / "mapping"

    def facts(self) -> dict[str, Any]:
        """How it began; a home that `start` did not make is refused."""
        if not self.facts_file.is_file():
            raise SimulationError(
                f"home {self.root} has no simulated operator; begin one with holdfast simulate start --home DIR"
            )
        facts: dict[str, Any] = json.loads(self.facts_file.read_text())
        return facts

    def last_month(self) -> Month:
        """The last month that it lived."""
        from infra.simulator.operator import about

        return about(self.state)[1]

    def sending(self, begun: Mapping[str, Any]) -> Sending:
        from infra.simulator.sending import Sending

        return Sending(self.extracts, self.truth, begun["form"], begun["dirt"], begun["seed"])


def has_key(work: Workspace) -> bool:
    """Whether a key is named whose file is there; an ingest asks for one."""
    file = key_file(work.settings.privacy, work.home.root)
    return file is not None and file.is_file()


def source_of(operator: SimulatedOperator, form: str) -> str:
    """What to give as --source: CSV needs a mapping of its own, which `start` writes into the home."""
    return SOURCE if form == "parquet" else str(operator.mapping)


def start(work: Workspace, order: Order, months: int) -> SimulatedOperator:
    """Begin an operator in this home and live its first months; one that is there already is refused."""
    from infra.simulator.operator import Beginning
    from infra.simulator.operator import start as start_operator
    from infra.simulator.text_mapping import write_text_mapping

    operator = SimulatedOperator(work.home.root)
    with work.home.locked(LOCK, work.say):
        _refuse_taken(work, operator)
        world = _world(order)
        facts = asdict(order) | {"first": str(order.first)}
        work.say(f"simulating {order.customers:,} customers from {order.first} to {order.first + (months - 1)}")
        beginning = Beginning(world, order.customers, order.seed, order.first)
        write, workers = operator.sending(facts), work.settings.engine.cores
        _clear_broken_start(operator, write)
        start_operator(operator.state, beginning, months=months, write=write, workers=workers, say=work.say)
        if order.form != "parquet":
            write_text_mapping(SOURCES / SOURCE, order.form, operator.mapping)
        write_durably(operator.facts_file, json.dumps(facts, indent=2).encode())
    return operator


def _world(order: Order) -> World:
    from infra.simulator.worlds import WorldError, draw_world, read_world

    try:
        world = read_world(order.world)
    except WorldError as problem:
        raise SimulationError(str(problem)) from None
    return world if order.draw is None else draw_world(world, order.draw)


def _refuse_taken(work: Workspace, operator: SimulatedOperator) -> None:
    held = work.home.facts().get("source")
    if operator.facts_file.is_file() or held:
        whose = "a simulated operator" if operator.facts_file.is_file() else f"the operator {held}"
        raise SimulationError(f"home {operator.root} holds {whose} already; give another --home")


def _clear_broken_start(operator: SimulatedOperator, sent: Sending) -> None:
    """Delete what a killed start left, which may have been of another world, form or more months.

    It made the state's folder first and would have written the order last; where that folder is not there either,
    nothing in the home is an operator's.
    """
    if operator.state.is_dir():
        sent.forget_after(None)
        for folder in (operator.state, operator.mapping):
            shutil.rmtree(folder, ignore_errors=True)


def advance(work: Workspace, months: int = 1, *, without_calls: bool = False) -> dict[str, Any]:
    """Let the operator live on: the campaigns drawn since are worked in the first of the months.

    Told are the months lived, and how many customers each campaign contacted: by the book, so that a run after one
    that was killed tells the same. Raises WorkspaceError when the dialler was told no number of a campaign that waits,
    unless `without_calls`: a month that is lived cannot be lived again.
    """
    from infra.simulator import contact_book
    from infra.simulator.operator import advance as advance_operator

    operator = SimulatedOperator(work.home.root)
    facts = operator.facts()
    with work.home.locked(LOCK, work.say):
        last, write = operator.last_month(), operator.sending(facts)
        write.forget_after(last)  # a killed advance may have sent more months than this one will
        waiting = waiting_campaigns(work, operator.book, last + 1)
        if not without_calls:
            refuse_untold(work, waiting, last + 1)
        _note_calls(work, operator, calls(work, waiting, last + 1), last + 1)
        contacts, workers = contact_book.read(operator.book), work.settings.engine.cores
        contacted = _contacted(contacts, last + 1)
        for campaign, customers in contacted.items():
            work.say(f"{customers:,} customers are contacted in {last + 1} for {campaign}")
        lived = advance_operator(
            operator.state,
            write=write,
            contacts=contacts,
            months=months,
            workers=workers,
            say=work.say,
        )
    return {"first": str(lived[0]), "last": str(lived[-1]), "contacted": contacted}


def _note_calls(work: Workspace, operator: SimulatedOperator, asked: list[Called], month: Month) -> None:
    """Put the calls of the campaigns that wait into the book, as far as a number is not called for another one."""
    from infra.simulator.contact_book import note

    left_out = note(operator.book, asked)
    for campaign, left in sorted(left_out.items()):
        work.say(
            f"{campaign}: {left:,} call{'s' * (left > 1)} left out, because the number is called for "
            f"another campaign in {month}"
        )


def _contacted(contacts: Contacts, month: Month) -> dict[str, int]:
    """How many customers each campaign contacts in the month."""
    of_month = contacts.rows[contacts.rows["month"].astype(str) == str(month)]
    return dict(sorted(Counter(of_month["campaign"].tolist()).items()))
