"""The manifests of every set of answers are built, and judged; the checks bite."""

import json
from pathlib import Path

import pytest
import yaml

from tests.kubernetes import problems
from tests.manifests import FOLDER, STAGES, Manifests, inputs, kustomize
from tests.rendering import Renders
from tests.summary import Count
from tests.test_checks import Fault, append, replace, write
from tests.tools import UV, attempt
from tests.trees import Tree
from tests.variants import fullest, services

pytestmark = pytest.mark.skipif(
    kustomize() is None, reason="neither kustomize nor kubectl is here: see .ci/run"
)

SLUG = "my-service"

# What checkov asks for, and why it is not there.
UNWANTED = {
    "CKV_K8S_8": "a beat opens no port, and ends where it cannot go on",
    "CKV_K8S_9": "only who gets requests can be ready for them",
    "CKV_K8S_15": "no tag is used twice: what a node has it need not pull again",
    "CKV_K8S_43": "a digest is known only after the push; `digest` may stand for `newTag`",
}


def judged(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files that the checks read."""
    read = (FOLDER, ".env.example", "docs/kubernetes.md")
    return {name: content for name, content in files.items() if name.startswith(read)}


def test_distinct_manifests_are_right(renders: Renders, count: Count) -> None:
    chosen = [one for service in services() for one in service.variants if one["kubernetes"]]
    distinct = {
        (*inputs(path), (path / ".env.example").read_text()): path for path in renders.trees(chosen)
    }

    found = {
        (path.name, stage): problems(Manifests.build(path, SLUG, stage))
        for path in distinct.values()
        for stage in STAGES
    }

    assert found
    assert {key: listed for key, listed in found.items() if listed} == {}
    count("stages built by kustomize and judged", len(found))


API = f"{FOLDER}/base/api.yaml"
EVERY = f"{FOLDER}/base/every-pod.yaml"
NETWORK = f"{FOLDER}/base/network.yaml"
SETTINGS = f"{FOLDER}/base/settings.env"
STAGING = f"{FOLDER}/overlays/staging/kustomization.yaml"
WORKER = f"{FOLDER}/tasks/worker.yaml"
BEAT = f"{FOLDER}/tasks/beat.yaml"

FAULTS: tuple[tuple[Fault, str], ...] = (
    (replace(API, "autoscaling/v2", "autoscaling/v2beta9"), "does not know autoscaling/v2beta9"),
    (replace(API, "maxSurge", "maxSurges"), "'maxSurges' was unexpected"),
    (replace(API, "port: 80\n", "port: eighty\n"), "'eighty' is not of type"),
    (replace(API, "  name: api\n", "  name: the.api\n"), "is no DNS-1123 name"),
    (replace(STAGING, "namespace: my-service-staging", "namespace: other"), "is in the namespace"),
    (
        replace(API, "      labels:\n        app.kubernetes.io/component: api", "      labels: {}"),
        "selects other pods",
    ),
    (
        replace(WORKER, "component: worker\n      containers", "component: api\n      containers"),
        "Deployment worker spreads other pods",
    ),
    (
        replace(API, "  selector:\n    app.kubernetes.io/component: api", "  selector: {a: b}"),
        "Service api selects no pod",
    ),
    (replace(NETWORK, "port: 8000", "port: 8001"), "opens the port 8001, where nobody listens"),
    (replace(NETWORK, "[Ingress, Egress]", "[Ingress]"), "no NetworkPolicy denies"),
    (replace(API, "targetPort: http", "targetPort: https"), "leads to the port https"),
    (replace(f"{FOLDER}/base/ingress.yaml", "name: http", "name: web"), "leads to no port"),
    (replace(STAGING, "/spec/tls/0/hosts/0", "/spec/tls/0/secretName"), "has no certificate for"),
    (
        replace(API, "              port: http\n", "              port: web\n"),
        "a probe of the port web",
    ),
    (replace(API, "/health/live", "/live"), "does not ask each of the health routes"),
    (append(SETTINGS, "APP_HOSTS=api.example.com\n"), "a probe whose Host APP_HOSTS refuses"),
    (append(SETTINGS, "APP_HTTPS_REDIRECT=true\n"), "that APP_HTTPS_REDIRECT sends to https"),
    (
        replace(
            WORKER, "kind: Deployment\n    name: worker", "kind: Deployment\n    name: workers"
        ),
        "scales workers, which is not there",
    ),
    (replace(API, "  # No replicas:", "  replicas: 2\n  #"), "both say how many pods api has"),
    (replace(BEAT, "replicas: 1", "replicas: 2"), "Deployment beat may be there twice"),
    (replace(BEAT, "type: Recreate", "type: RollingUpdate"), "Deployment beat may be there twice"),
    (replace(EVERY, "secretName: secrets", "secretName: hidden"), "the Secret hidden is not in"),
    (replace(EVERY, "name: settings", "name: setting"), "the ConfigMap setting is not there"),
    (replace(EVERY, "serviceAccountName: app", "serviceAccountName: api"), "has no ServiceAccount"),
    (
        append(STAGING, "\nsecretGenerator:\n  - name: more\n    literals: [A=b]\n"),
        "a Secret is in the manifests",
    ),
    (replace(EVERY, "runAsNonRoot: true", "runAsNonRoot: false"), "is not restricted"),
    (replace(EVERY, "RuntimeDefault", "Unconfined"), "has no seccomp profile"),
    (replace(EVERY, "drop: [ALL]", "drop: [CHOWN]"), "a container that is not restricted"),
    (replace(EVERY, "            readOnlyRootFilesystem: true\n", ""), "that is not restricted"),
    (replace(STAGING, "- name: app", "- name: other"), "runs app"),
    (replace(WORKER, "[tasks, worker", "[celery, worker"), "runs the command ['celery'"),
    (replace(EVERY, "mountPath: /tmp", "mountPath: /temp"), "lacks /tmp"),
    (replace(API, "memory: 256Mi", "memory: 256mb"), "requests of memory are 256mb"),
    (replace(API, "cpu: 250m", "cpu: 2500m"), "it requests more than its limit"),
    (replace(BEAT, "              cpu: 500m\n", ""), "limits of cpu are None"),
    (append(SETTINGS, "SERVER_HOTS=::\n"), "SERVER_HOTS is no setting"),
    (replace(WORKER, "TASKS_METRICS_PORT", "METRICS_PORT"), "METRICS_PORT is no setting"),
    (replace(WORKER, 'value: "9100"', 'value: "9101"'), "shows its metrics elsewhere"),
    (replace(WORKER, "containerPort: 9100", "containerPort: 9101"), "is scraped at 9100, where"),
    (
        replace(f"{FOLDER}/overlays/staging/settings.env", "=staging", "=production"),
        "APP_ENVIRONMENT is not staging",
    ),
    (replace(API, "Seconds: 45", "Seconds: 35"), "is killed before it can finish"),
    (replace(API, "preStop", "postStart"), "ends while proxies still send it requests"),
)


@pytest.mark.parametrize(("fault", "sentence"), FAULTS, ids=[fault[1] for fault in FAULTS])
def test_fault_is_found(fault: Fault, sentence: str, renders: Renders, tmp_path: Path) -> None:
    tree = Tree(renders.tree(fullest()))
    for name, content in judged(tree.files).items():
        write(name, content.decode())(tmp_path)

    fault(tmp_path)

    found = problems(Manifests.build(tmp_path, SLUG, "staging"))
    assert [problem for problem in found if sentence in problem]


def test_posture(renders: Renders, tmp_path: Path) -> None:
    """checkov finds what we left out on purpose, and nothing else."""
    stage = Manifests.build(renders.tree(fullest()), SLUG, "production")
    (tmp_path / "production.yaml").write_text(yaml.safe_dump_all(stage.objects))

    tool = ("tool", "run", "--quiet", "--from", "checkov>=3.3,<4", "checkov")
    options = ("--skip-download", "--quiet", "--framework=kubernetes", "--output=json")
    found = attempt(UV, *tool, *options, "--directory", tmp_path, cwd=tmp_path)

    report = json.loads(found.stdout)
    assert report["summary"]["passed"] > 300
    failed = {(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]}
    assert {check for check, _ in failed} == UNWANTED.keys(), failed
