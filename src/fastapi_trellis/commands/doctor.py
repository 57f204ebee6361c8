"""`doctor`: what is wrong with a project, and the command that mends it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from fastapi_trellis.checks import answers, service, tree
from fastapi_trellis.checks.patient import Finding, NotLookedAt, Patient
from fastapi_trellis.commands.arguments import HERE, Folder
from fastapi_trellis.errors import Exit, Stop
from fastapi_trellis.project import Project, find_project
from fastapi_trellis.screen import progress, show
from fastapi_trellis.template import open_template

CHECKS: dict[str, Callable[[Patient], Iterator[Finding]]] = {
    "the template can be reached": tree.unreachable,
    "no conflict is left": tree.conflict_markers,
    "the answers file is Copier's": answers.edited_by_hand,
    "the answers are accepted": answers.not_accepted,
    "the answers say what is there": answers.parts_and_folders,
    ".env names what there is": service.misnamed_variables,
    ".env.example has every setting": service.undocumented_settings,
    "the database is current": service.pending_migrations,
    "the lock file is current": tree.stale_lock,
    "the tools are there": tree.missing_tools,
}


def doctor(folder: Folder = HERE) -> Exit:
    """Look for what is wrong with a project; each finding comes with the command that mends it."""
    project = find_project(folder)
    found = 0
    with project.entered(), examined(project) as patient:
        for title, check in CHECKS.items():
            try:
                with progress(f"Is it so that {title}?", in_logs=False):
                    findings = list(check(patient))
            except NotLookedAt as reason:
                show(f"?  {title}: not looked at, {reason}", "dim")
                continue
            show(f"{'!' if findings else '+'}  {title}", "red" if findings else "green")
            for one in findings:
                show(f"     {one.what}\n       {one.mend}")
            found += len(findings)
    return Exit.FINDINGS if found else Exit.DONE


@contextmanager
def examined(project: Project) -> Iterator[Patient]:
    """With the template, where it can be reached: some checks do without it."""
    with ExitStack() as opened:
        try:
            template = opened.enter_context(open_template(project.source, project.commit))
        except Stop:
            template = None
        yield Patient(project, template)
