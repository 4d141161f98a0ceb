"""Promotion ledger: every decision about who is champion, appended once with its evidence and never changed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from features.month_ledger import MonthLedger
from models.registry import CHALLENGER, CHAMPION, Registry

TABLE = "promotion_ledger"
AUTOMATIC = "automatic"
DONE = "decided"
"""Tag of a version whose decision was carried out; what a person points elsewhere afterwards stays there."""

Action = Literal["promote", "hold", "roll back"]


@dataclass(frozen=True)
class Decision:
    """One row: what was decided of which version by whom, why, and whether `@champion` moved.

    `from_version` is the champion at that moment, 0 when there was none; `evidence` the figures as JSON. `gate` is
    the setting at that time. A row says `moved` when it was meant to move the alias.
    """

    decided_at: str
    model: str
    action: str
    moved: bool
    from_version: int
    to_version: int
    actor: str
    reason: str
    gate: str
    run_id: str
    evidence: str


@dataclass(frozen=True)
class Proposal:
    """A registered version and what the gate makes of it: promote or not, why, and on which figures."""

    model: str
    version: int
    promote: bool
    reason: str
    gate: Literal["disabled", "dry_run", "enabled"]
    evidence: Mapping[str, Any] = field(default_factory=dict)


class PromotionLedger:
    """The decisions in the warehouse, and the registry whose `@champion` they move.

    The caller holds a lock that keeps other decisions about the same model away.
    """

    def __init__(self, ledger: MonthLedger, registry: Registry, now: dt.datetime) -> None:
        self.warehouse = ledger.warehouse
        self.registry = registry
        self.now = now

    def decisions(self, model: str | None = None) -> list[Decision]:
        """All decisions, oldest first; of one model, or of all."""
        rows = (Decision(**row) for row in self.warehouse.rows(TABLE))
        return [row for row in rows if model in (None, row.model)]

    def settle(self, proposal: Proposal) -> Decision:
        """Record the gate's decision about a version and carry it out; the row.

        A version is decided once: training it again finds the row, and moves nothing that a person has moved since.
        The row comes first and the tag on the version last, so that a killed run is finished by the next one.
        """
        about = [row for row in self.decisions(proposal.model) if row.to_version == proposal.version]
        decision = about[0] if about else self._record(self._decided(proposal))
        if not self.registry.tag(decision.model, decision.to_version, DONE):
            if decision.moved and self.decisions(decision.model)[-1] == decision:
                self.registry.point(decision.model, CHAMPION, decision.to_version)
            self.registry.set_tag(decision.model, decision.to_version, DONE, decision.action)
        return decision

    def promote(self, model: str, version: int, actor: str, reason: str) -> Decision:
        """Let a person's word make a version champion, newer or, to roll back, older; the row.

        Said twice, it is one row, also where a killed run wrote the row alone. Raises ModelsError for an unknown
        version.
        """
        wanted, before = self.registry.version(model, version), self._champion(model)
        said = [row for row in self.decisions(model)[-1:] if row.moved and row.to_version == version]
        was_killed = said and (before, actor, reason) == (said[0].from_version, said[0].actor, said[0].reason)
        if said and (before == version or was_killed):
            decision = said[0]
        else:
            action: Action = "roll back" if version < before else "promote"
            row = self._row(model, action, (before, wanted.version), reason, actor=actor, moved=True)
            decision = self._record(row)
        self.registry.point(model, CHAMPION, version)
        self.registry.set_tag(model, version, DONE, decision.action)
        return decision

    def _decided(self, proposal: Proposal) -> Decision:
        promote = proposal.promote or proposal.gate == "disabled"
        reason = "the gate is disabled: every training is promoted" if proposal.gate == "disabled" else proposal.reason
        return self._row(
            proposal.model,
            "promote" if promote else "hold",
            (self._champion(proposal.model), proposal.version),
            reason,
            moved=promote and proposal.gate != "dry_run",
            gate=proposal.gate,
            evidence=json.dumps(dict(proposal.evidence), sort_keys=True, default=str),
        )

    def _row(self, model: str, action: Action, versions: tuple[int, int], reason: str, **more: Any) -> Decision:
        facts = {"actor": AUTOMATIC, "gate": "", "evidence": "{}"} | more
        run_id = self.registry.run_of(model, versions[1])
        at = self.now.isoformat()
        return Decision(at, model, action, from_version=versions[0], to_version=versions[1], reason=reason,
                        run_id=run_id, **facts)  # fmt: skip

    def _record(self, decision: Decision) -> Decision:
        self.warehouse.append_rows(TABLE, [asdict(decision)], _COLUMNS)
        return decision

    def _champion(self, model: str) -> int:
        return self.registry.number(model, CHAMPION) or 0


_KINDS: dict[str, type] = {"int": int, "bool": bool, "str": str}
_COLUMNS: dict[str, type] = {field.name: _KINDS[str(field.type)] for field in fields(Decision)}


def in_words(decision: Decision) -> str:
    """A decision as one line for a person, with what to do next where the version was not promoted."""
    name = f"{decision.model} version {decision.to_version}"
    if decision.moved:
        return f"{name} is @{CHAMPION}: {decision.reason}"
    by_hand = f"holdfast promote --model {decision.model} --version {decision.to_version}"
    would = " (dry run: it would be promoted)" if decision.action == "promote" else ""
    return f"{name} stays @{CHALLENGER}{would}: {decision.reason}; to promote it by hand: {by_hand}"
