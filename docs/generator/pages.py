"""The parts of pages that come from the questions and the manifest, as Markdown."""

from collections.abc import Iterable, Iterator

from docs.generator.environment import groups
from docs.generator.facts import Facts, Question
from docs.generator.features import Document, documents

SERVERS = {"postgres": "PostgreSQL", "redis": "Redis", "rabbitmq": "RabbitMQ"}
PROCESSES = {
    "tasks": "Celery workers, beat",
    "docker": "nginx, Prometheus",
    "kubernetes": "a cluster",
}


def options(facts: Facts) -> Iterator[str]:
    for group in facts.groups:
        yield f"## {group['name'].capitalize()}\n"
        for question in group["questions"]:
            yield from option(facts, question)


def option(facts: Facts, question: Question) -> Iterator[str]:
    name = question["name"]
    yield f"(option-{name})=\n### `{name}`\n"
    yield f"{question['help']}\n"
    default = code(question["default"]) if question["default"] != "" else "nothing"
    asked = f" Asked with `{question['asked_when']}`." if question["asked_when"] else ""
    yield f"Default: {default}.{asked}\n"
    if question["rules"]:
        yield "".join(f"- {rule}\n" for rule in question["rules"])
    if question["answers"]:
        yield table(("Value", "Meaning", "Parts", "Packages"), values(facts, question))
    for one in question["answers"]:
        if facts.owned(facts.brings(question, one["value"])):
            yield tree_of(name, one["value"])
    yield together(facts, question)


def values(facts: Facts, question: Question) -> Iterator[tuple[str, ...]]:
    for one in question["answers"]:
        parts = facts.brings(question, one["value"])
        packages = [name for part in parts for name in facts.packages(part)]
        label = "" if str(one["label"]) == shown(one["value"]) else one["label"]
        yield code(one["value"]), label, codes(parts), codes(packages)


def tree_of(name: str, value: object) -> str:
    answer = f"{name}={shown(value)}"
    return f"![The files that {answer} adds, as a tree](generated/{picture_name(name, value)})\n"


def picture_name(name: str, value: object) -> str:
    return f"adds-{name}-{shown(value)}.svg"


def together(facts: Facts, question: Question) -> str:
    """What only several answers bring."""
    alone = {part for one in question["answers"] for part in facts.brings(question, one["value"])}
    more = [part for part in facts.features if part in facts.moves(question) - alone]
    return f"It also decides, together with other answers: {codes(more)}.\n" if more else ""


def settings() -> Iterator[str]:
    for group in groups():
        yield f"## {group.title}\n"
        if group.part:
            yield f"Where `{group.part}` is on.\n"
        yield "".join(setting(*one) for one in group.settings)


def setting(name: str, value: str, note: str) -> str:
    return f"- `{name}={value}`{f'<br>{note}' if note else ''}\n"


def features(facts: Facts) -> Iterator[str]:
    pages = documents(facts)
    yield "## In every service\n"
    yield "".join(f"- {page.title}: {page.link}\n" for page in pages[None])
    for part in facts.features:
        if pages.get(part) or facts.owned([part]):
            yield from feature(facts, part, pages.get(part, []))


def feature(facts: Facts, part: str, pages: list[Document]) -> Iterator[str]:
    yield f"## `{part}`\n"
    yield f"{facts.features[part].get('about', '')} Decided by {asked_by(facts, part)}.\n"
    for page in pages:
        yield f"### {page.title}\n\n{page.first}\n\nMore in the service: {page.link}\n"
    if packages := facts.packages(part):
        yield f"Packages: {codes(packages)}\n"
    if facts.owned([part]):
        yield f"![The files of {part}, as a tree](generated/part-{part}.svg)\n"


def asked_by(facts: Facts, part: str) -> str:
    return ", ".join(linked(one["name"]) for one in facts.choices() if part in facts.moves(one))


def linked(name: str) -> str:
    return f"[`{name}`](#option-{name})"


def answers(facts: Facts) -> Iterator[str]:
    """What each answer brings."""
    rows = []
    for question in facts.choices():
        for one in question["answers"]:
            parts = facts.brings(question, one["value"])
            packages = [name for part in parts for name in facts.packages(part)]
            needed = servers(facts, question, one["value"])
            answer = f"`{question['name']}={shown(one['value'])}`"
            if parts or needed:
                rows.append((answer, codes(parts), codes(packages), needed))
    yield table(("Answer", "Parts", "Packages", "Servers and processes"), rows)


def servers(facts: Facts, question: Question, value: object) -> str:
    given = {question["asked_when"]: True} if question["asked_when"] else {}
    on = facts.sheet.fill({**given, question["name"]: value}).parts
    off = facts.sheet.fill({}).parts - facts.moves(question)
    known = {**SERVERS, **PROCESSES}
    return ", ".join(known[part] for part in known if part in on - off)


def presets(facts: Facts) -> Iterator[str]:
    """The presets side by side, as `new --preset` takes them."""
    filled = {one["name"]: facts.sheet.fill(facts.preset(one["name"])) for one in facts.presets}
    rows = [
        (linked(one["name"]), *(code(each.values[one["name"]]) for each in filled.values()))
        for one in facts.choices()
    ]
    rows.append(("files", *(str(len(facts.files(facts.preset(name)))) for name in filled)))
    for title, known in (("servers", SERVERS), ("processes beside it", PROCESSES)):
        found = [[known[part] for part in known if part in each.parts] for each in filled.values()]
        rows.append((title, *(", ".join(one) or "none" for one in found)))
    yield "".join(f"- `{one['name']}`: {one['about']}\n" for one in facts.presets)
    yield table(("", *(f"`{name}`" for name in filled)), rows)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(head), *(tuple(row) for row in rows)]
    written = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in one)} |" for one in lines]
    return "\n".join([written[0], "|---" * len(lines[0]) + "|", *written[1:]]) + "\n"


def shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def code(value: object) -> str:
    return f"`{shown(value)}`" if value != "" else ""


def codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))
