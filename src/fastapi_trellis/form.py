"""The questions in a terminal: group by group, with a way back, and a summary at the end."""

from collections.abc import Callable
from typing import Any

from fastapi_trellis.asking import Step, ask_one, ask_text, ask_yes
from fastapi_trellis.definition import Definition, Question
from fastapi_trellis.errors import Stop
from fastapi_trellis.given import parse
from fastapi_trellis.screen import say
from fastapi_trellis.sheet import Filled, Sheet, listed

FEW = 3  # paths that a note names

# What the summary offers; no question can be called so.
RENDER, CHANGE = "<render>", "<change>"


class Form:
    """Asks what is not given yet; `closing` is said below the summary.

    What is suggested is asked too, with that as the default.
    """

    def __init__(
        self,
        sheet: Sheet,
        given: dict[str, Any],
        closing: Callable[[Filled], str],
        suggested: dict[str, Any],
    ) -> None:
        self.sheet = sheet
        self.closing = closing
        self.answers = {**suggested, **given}
        self.settled = set(given)
        self.done: list[str] = []
        self._group = ""

    def run(self) -> Filled | Step:
        """Ask until all is answered and the summary is confirmed; BACK before the first one."""
        while True:
            filled = self.sheet.fill(self.answers)
            name = next((one for one in filled.shown if self._pending(one)), None)
            if name is not None:
                went_on = self._answer(name, filled)
            elif self._ask_again(filled):
                continue
            else:
                reply = self._summary(filled)
                if reply == RENDER:
                    return filled
                went_on = reply is not Step.BACK
                if went_on:
                    self._change(str(reply))
            if went_on:
                continue
            if not self.done:
                return Step.BACK
            self.done.pop()

    def _answer(self, name: str, filled: Filled) -> bool:
        reply = self._ask(self.sheet.definition.asked[name], filled)
        if reply is Step.BACK:
            return False
        self._keep(name, reply)
        self.done.append(name)
        return True

    def _pending(self, name: str) -> bool:
        return name not in self.settled and name not in self.done

    def _ask_again(self, filled: Filled) -> bool:
        """Whether a later answer broke a rule of an earlier one, which is then asked again."""
        for name, sentence in filled.refused.items():
            say(f"  {sentence}", "red")
            self.settled.discard(name)
            self.done = [one for one in self.done if one != name]
        return bool(filled.refused)

    def _change(self, name: str) -> None:
        reply = self._ask(self.sheet.definition.asked[name], self.sheet.fill(self.answers))
        if reply is not Step.BACK:
            self._keep(name, reply)

    def _keep(self, name: str, answer: Any) -> None:
        """One that equals the default goes on following it: the slug, when the name changes."""
        self.answers.pop(name, None)
        if self.sheet.fill(self.answers).values[name] != answer:
            self.answers[name] = answer

    def _ask(self, question: Question, filled: Filled) -> Any:
        if question.group != self._group:
            self._group = question.group
            say()
            say(f"--- {question.group}", "bold")
        while True:
            reply = prompt(self.sheet, question, filled)
            if reply is Step.BACK:
                return reply
            sentence = self._refusal(question, reply)
            if sentence is None:
                return reply
            say(f"  {sentence}", "red")

    def _refusal(self, question: Question, answer: Any) -> str | None:
        return self.sheet.fill({**self.answers, question.name: answer}).refused.get(question.name)

    def _summary(self, filled: Filled) -> Any:
        say()
        say("--- summary", "bold")
        print_answers(self.sheet.definition, filled)
        say(f"\n{self.closing(filled)}\n")
        first = ask_one("Render it?", [("Yes", RENDER, ""), ("No, change an answer", CHANGE, "")])
        if first != CHANGE:
            return first
        names = [(one, one, str(filled.values[one])) for one in filled.shown]
        return ask_one("Which one?", names)


def prompt(sheet: Sheet, question: Question, filled: Filled) -> Any:
    """Ask one question, with its current answer as the default, and say what answers bring."""
    current = filled.values[question.name]
    given = filled.answers
    if question.type == "bool":
        say_note(note(sheet, given, question, value=True))
        return ask_yes(question.help, default=bool(current))
    if question.choices:
        choices = [
            (choice.label, choice.value, note(sheet, given, question, choice.value))
            for choice in question.choices
        ]
        return ask_one(question.help, choices, current)

    def check(text: str) -> str | None:
        try:
            answer = parse(question, text)
        except Stop as refused:
            return str(refused)
        return sheet.fill({**given, question.name: answer}).refused.get(question.name)

    reply = ask_text(question.help, "" if current is None else str(current), check)
    return reply if reply is Step.BACK else parse(question, reply)


def note(sheet: Sheet, given: dict[str, Any], question: Question, value: Any) -> str:
    """What an answer switches on, from the manifest."""
    features = sheet.definition.features
    parts = [features[part] for part in sheet.switches_on(given, question.name, value)]
    about = " ".join(str(part["about"]) for part in parts if "about" in part)
    paths = [path for part in parts for path in part.get("paths", []) if not is_side(path)]
    packages = [package for part in parts for package in part.get("packages", [])]
    found = [about] if about else []
    more = f" and {len(paths) - FEW} more" if len(paths) > FEW else ""
    found += [f"Files: {listed(paths[:FEW])}{more}."] if paths else []
    found += [f"Packages: {listed(packages)}."] if packages else []
    return " ".join(found)


def is_side(path: str) -> bool:
    return path.startswith(("/tests/", "/docs/", "/migrations/", "/deploy/prometheus/"))


def say_note(text: str) -> None:
    if text:
        say(f"  yes: {text}", "dim")


def print_answers(definition: Definition, filled: Filled) -> None:
    width = max(map(len, filled.shown), default=0)
    group = ""
    for name in filled.shown:
        if definition.asked[name].group != group:
            group = definition.asked[name].group
            say(f"  {group}", "dim")
        say(f"    {name:{width}}  {shown(filled.values[name])}")


def shown(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
