"""What must hold in the manifests of a stage, beyond the schemas: what objects say of each other.

A check yields a sentence for each problem; `test_kubernetes.py` plants each kind of fault.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.manifests import Manifests, Object, name, ports, schemas

ROUTES = {"/health/live", "/health/ready", "/health/startup"}
COMMANDS = (["serve"], ["migrate"], ["tasks", "worker"], ["tasks", "beat"])

SECRETS = {"secretRef", "secretKeyRef"}
CONFIG_MAPS = {"configMap", "configMapRef", "configMapKeyRef"}

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
QUANTITY = re.compile(r"(\d+)(m|k|M|G|Ki|Mi|Gi)?")
FACTORS = {"m": 0.001, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}

DENY_ALL = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
RESTRICTED_POD = {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001}
RESTRICTED_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def names(manifests: Manifests) -> Iterator[str]:
    for one in manifests.objects:
        namespace = one["metadata"].get("namespace")
        if not LABEL.fullmatch(one["metadata"]["name"]):
            yield f"{name(one)} is no DNS-1123 name"
        if namespace != f"{manifests.slug}-{manifests.stage}" or not LABEL.fullmatch(namespace):
            yield f"{name(one)} is in the namespace {namespace}"
        if one["metadata"].get("labels", {}).get("app.kubernetes.io/name") != manifests.slug:
            yield f"{name(one)} does not have the label of the service"


def selectors(manifests: Manifests) -> Iterator[str]:
    for one in manifests.kind("Deployment"):
        template = one["spec"]["template"]
        selected = one["spec"]["selector"]["matchLabels"]
        if [template] != manifests.pods(selected):
            yield f"{name(one)} selects other pods than its own"
        for constraint in template["spec"].get("topologySpreadConstraints", []):
            if template not in manifests.pods(constraint["labelSelector"]["matchLabels"]):
                yield f"{name(one)} spreads other pods than its own"
    for one in manifests.kind("PodDisruptionBudget", "NetworkPolicy", "Service"):
        if not manifests.pods(selected_by(one)):
            yield f"{name(one)} selects no pod"


def selected_by(one: Object) -> Object:
    spec = one["spec"]
    selector: Object = spec.get("podSelector", spec.get("selector"))
    return selector if one["kind"] == "Service" else selector.get("matchLabels", {})


def network(manifests: Manifests) -> Iterator[str]:
    policies = manifests.kind("NetworkPolicy")
    if DENY_ALL not in [one["spec"] for one in policies]:
        yield "no NetworkPolicy denies what is not listed"
    for one in policies:
        for port in [
            port["port"] for rule in one["spec"].get("ingress", []) for port in rule["ports"]
        ]:
            if not all(port in ports(pod) for pod in manifests.pods(selected_by(one))):
                yield f"{name(one)} opens the port {port}, where nobody listens"


def services(manifests: Manifests) -> Iterator[str]:
    known: dict[str, set[str]] = {}
    for one in manifests.kind("Service"):
        known[one["metadata"]["name"]] = {port["name"] for port in one["spec"]["ports"]}
        for pod in manifests.pods(one["spec"]["selector"]):
            for port in one["spec"]["ports"]:
                if port["targetPort"] not in ports(pod, "name"):
                    yield f"{name(one)} leads to the port {port['targetPort']}, which no pod has"
    for one in manifests.kind("Ingress"):
        for rule in one["spec"]["rules"]:
            if rule["host"] not in {host for tls in one["spec"]["tls"] for host in tls["hosts"]}:
                yield f"{name(one)} has no certificate for {rule['host']}"
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                if service["port"]["name"] not in known.get(service["name"], ()):
                    yield f"{name(one)} leads to no port of a Service: {service}"


def probes(manifests: Manifests) -> Iterator[str]:
    hosts = (manifests.value("APP_HOSTS") or "*").split(",")
    redirects = manifests.value("APP_HTTPS_REDIRECT") == "true"
    for one in manifests.workloads:
        for container in one["spec"]["template"]["spec"]["containers"]:
            asked = [probe["httpGet"] for key, probe in container.items() if "httpGet" in probe]
            if container["args"] == ["serve"] and {get["path"] for get in asked} != ROUTES:
                yield f"{name(one)} does not ask each of the health routes"
            for get in asked:
                headers = {header["name"]: header["value"] for header in get["httpHeaders"]}
                if get["port"] not in ports(one["spec"]["template"], "name"):
                    yield f"{name(one)} has a probe of the port {get['port']}, which it has not"
                if "*" not in hosts and headers.get("Host") not in hosts:
                    yield f"{name(one)} has a probe whose Host APP_HOSTS refuses"
                if redirects:
                    yield f"{name(one)} has a probe that APP_HTTPS_REDIRECT sends to https"


def scaling(manifests: Manifests) -> Iterator[str]:
    targets = {one["metadata"]["name"]: one for one in manifests.kind("Deployment")}
    scaled = set()
    for one in manifests.kind("HorizontalPodAutoscaler"):
        target = one["spec"]["scaleTargetRef"]["name"]
        scaled.add(target)
        if target not in targets:
            yield f"{name(one)} scales {target}, which is not there"
        elif "replicas" in targets[target]["spec"]:
            yield f"{name(one)} and replicas both say how many pods {target} has"
    for key, one in targets.items():
        beats = one["spec"]["template"]["spec"]["containers"][0]["args"] == ["tasks", "beat"]
        single = one["spec"].get("replicas") == 1 and one["spec"]["strategy"]["type"] == "Recreate"
        if beats and (key in scaled or not single):
            yield f"{name(one)} may be there twice"


def references(manifests: Manifests) -> Iterator[str]:
    maps = {one["metadata"]["name"] for one in manifests.kind("ConfigMap")}
    accounts = {one["metadata"]["name"] for one in manifests.kind("ServiceAccount")}
    for key, value in walk(manifests.objects):
        secret = value if key == "secretName" else value["name"] if key in SECRETS else None
        if secret and secret not in manifests.secrets:
            yield f"the Secret {secret} is not in the list of docs/kubernetes.md"
        if key in CONFIG_MAPS and value["name"] not in maps:
            yield f"the ConfigMap {value['name']} is not there"
    for one in manifests.workloads:
        if one["spec"]["template"]["spec"].get("serviceAccountName") not in accounts:
            yield f"{name(one)} has no ServiceAccount of ours"
    if manifests.kind("Secret"):
        yield "a Secret is in the manifests"


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of every mapping, with what it holds."""
    pairs = value.items() if isinstance(value, dict) else ()
    yield from pairs
    for inner in value if isinstance(value, list) else dict(pairs).values():
        yield from walk(inner)


def containers(manifests: Manifests) -> Iterator[str]:
    image = re.compile(rf"registry\.example\.com/{manifests.slug}:\d+\.\d+\.\d+")
    for one in manifests.workloads:
        pod = one["spec"]["template"]["spec"]
        context = pod.get("securityContext", {})
        if not RESTRICTED_POD.items() <= context.items() or pod.get("automountServiceAccountToken"):
            yield f"{name(one)} is not restricted"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{name(one)} has no seccomp profile"
        for container in pod["containers"] + pod.get("initContainers", []):
            if not RESTRICTED_CONTAINER.items() <= container.get("securityContext", {}).items():
                yield f"{name(one)} has a container that is not restricted"
            if not image.fullmatch(container["image"]):
                yield f"{name(one)} runs {container['image']}"
            if not any(container["args"][: len(words)] == words for words in COMMANDS):
                yield f"{name(one)} runs the command {container['args']}"
            mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
            if "/tmp" not in mounts or not mounts.get("/run/secrets", {}).get("readOnly"):  # noqa: S108
                yield f"{name(one)} lacks /tmp or the secrets"
            yield from (f"{name(one)}: {problem}" for problem in amounts(container["resources"]))


def amounts(resources: Object) -> Iterator[str]:
    sizes: dict[tuple[str, str], float] = {}
    for bound in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            text = str(resources.get(bound, {}).get(resource))
            found = QUANTITY.fullmatch(text)
            if found is None:
                yield f"{bound} of {resource} are {text}"
                return
            sizes[bound, resource] = int(found[1]) * FACTORS.get(found[2], 1)
    if any(sizes["requests", one] > sizes["limits", one] for one in ("cpu", "memory")):
        yield "it requests more than its limit"


def environment(manifests: Manifests) -> Iterator[str]:
    known = manifests.settings.keys()
    for one in manifests.kind("ConfigMap"):
        yield from (f"{key} is no setting" for key in one["data"].keys() - known)
    if manifests.value("APP_ENVIRONMENT") != manifests.stage:
        yield f"APP_ENVIRONMENT is not {manifests.stage}"
    for one in manifests.workloads:
        template = one["spec"]["template"]
        notes = template["metadata"].get("annotations", {})
        told = {
            env["name"]: env["value"]
            for container in template["spec"]["containers"]
            for env in container.get("env", [])
        }
        yield from (f"{name(one)}: {key} is no setting" for key in told.keys() - known)
        scraped = notes.get("prometheus.io/port")
        if scraped and int(scraped) not in ports(template):
            yield f"{name(one)} is scraped at {scraped}, where it does not listen"
        if scraped != told.get("TASKS_METRICS_PORT", scraped):
            yield f"{name(one)} shows its metrics elsewhere than it says"


def endings(manifests: Manifests) -> Iterator[str]:
    """A pod that serves has the time to finish."""
    for one in manifests.workloads:
        pod = one["spec"]["template"]["spec"]
        for container in pod["containers"]:
            pause = (
                container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds")
            )
            finish = int(manifests.value("SERVER_GRACEFUL_TIMEOUT") or 0)
            if container["args"] == ["serve"] and not pause:
                yield f"{name(one)} ends while proxies still send it requests"
            if pause and pod.get("terminationGracePeriodSeconds", 30) <= pause + finish:
                yield f"{name(one)} is killed before it can finish"


CHECKS: tuple[Callable[[Manifests], Iterator[str]], ...] = (
    schemas,
    names,
    selectors,
    network,
    services,
    probes,
    scaling,
    references,
    containers,
    environment,
    endings,
)


def problems(manifests: Manifests) -> list[str]:
    return [problem for check in CHECKS for problem in check(manifests)]
