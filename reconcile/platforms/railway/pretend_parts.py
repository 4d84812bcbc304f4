"""The mutations of what an instance has in the sandbox's Railway: variables, domains, proxies, volumes, deployments."""

from collections.abc import Mapping

from ...model.pretend import Thing
from .pretend_commit import (
    add_domain,
    add_proxy,
    add_service_domain,
    add_volume,
    mount_volume,
    put_variable,
    put_variables,
    rename_service_domain,
)
from .pretend_config import merged
from .pretend_estate import Estate, Refused
from .pretend_running import can_roll_back, roll_back
from .pretend_views import Args, View, trigger_of


def _held(estate: Estate, asked: Args) -> tuple[Thing, Thing | None]:
    """The environment, and the instance where a service is named: without one, variables are shared."""
    environment = estate.environment(asked["environmentId"], asked["projectId"])
    service = asked.get("serviceId")
    return environment, estate.instance(environment["id"], service) if service is not None else None


def _variables_upsert(estate: Estate, thing: Thing, args: Args) -> bool:
    asked = args["input"]
    environment, instance = _held(estate, asked)
    values, replace = asked["variables"], bool(asked.get("replace"))
    estate.committed(
        environment,
        lambda: put_variables(estate, environment, instance, values, replace=replace),
        deploys=not asked.get("skipDeploys"),
    )
    return True


def _variable_upsert(estate: Estate, thing: Thing, args: Args) -> bool:
    asked = args["input"]
    return _variables_upsert(estate, thing, {"input": {**asked, "variables": {asked["name"]: asked["value"]}}})


def _variable_delete(estate: Estate, thing: Thing, args: Args) -> bool:
    asked = args["input"]
    environment, instance = _held(estate, asked)
    estate.committed(environment, lambda: put_variable(estate, environment, instance, asked["name"], None))
    return True


def _domain_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    asked = args["input"]
    environment = estate.environment(asked["environmentId"], asked["projectId"])
    instance = estate.instance(environment["id"], asked["serviceId"])
    return add_domain(estate, instance, asked["domain"], asked.get("targetPort"))


def _domain_update(estate: Estate, thing: Thing, args: Args) -> bool:
    domain = estate.get("domain", args["id"], "CustomDomain")
    if domain["environmentId"] != estate.environment(args["environmentId"])["id"]:
        raise Refused("CustomDomain not found")
    domain.update(targetPort=args.get("targetPort"), updatedAt=estate.now)
    return True


def _deleted(kind: str, called: str, by: str = "id") -> View:
    def act(estate: Estate, thing: Thing, args: Args) -> bool:
        found = estate.get(kind, args[by], called)
        del estate.shelf(kind)[found["id"]]
        return True

    return act


def _service_domain_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    asked = args["input"]
    instance = estate.instance(asked["environmentId"], asked["serviceId"])
    return add_service_domain(estate, instance, asked.get("targetPort"))


def _service_domain_update(estate: Estate, thing: Thing, args: Args) -> bool:
    asked = args["input"]
    domain = estate.get("service-domain", asked["serviceDomainId"], "ServiceDomain")
    if [domain["environmentId"], domain["serviceId"]] != [asked["environmentId"], asked["serviceId"]]:
        raise Refused("ServiceDomain not found")
    rename_service_domain(estate, domain, asked["domain"])
    if "targetPort" in asked:
        domain.update(targetPort=asked["targetPort"], updatedAt=estate.now)
    return True


def _proxy_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    asked = args["input"]
    return add_proxy(estate, estate.instance(asked["environmentId"], asked["serviceId"]), asked["applicationPort"])


def _volume_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    """Without an environment it has no instance anywhere: so the vendor's provider found it."""
    asked = args["input"]
    project = estate.project(asked["projectId"])
    service = estate.service(asked["serviceId"]) if asked.get("serviceId") else None
    environment = None
    if asked.get("environmentId"):
        environment = estate.environment(asked["environmentId"], project["id"])
    instance = estate.instance(environment["id"], service["id"]) if environment and service else None
    stem = service["name"] if service else "volume"
    disk = estate.add("disk", {"name": f"{stem}-volume-{estate.world.new_id(4)}", "projectId": project["id"]})
    try:
        if environment is not None:
            add_volume(estate, environment, disk, instance, asked["mountPath"], asked.get("region"))
    except Refused:
        del estate.shelf("disk")[disk["id"]]
        raise
    return disk


def _volume_update(estate: Estate, thing: Thing, args: Args) -> Thing:
    disk = estate.get("disk", args["volumeId"], "Volume")
    if args["input"].get("name"):
        rename_volume(estate, disk, args["input"]["name"])
    return disk


def rename_volume(estate: Estate, disk: Thing, name: str) -> None:
    """Raises Refused on a name that the project has."""
    others = estate.where("disk", projectId=disk["projectId"], name=name)
    if any(one["id"] != disk["id"] for one in others):
        raise Refused(f'A volume named "{name}" already exists in this project')  # guessed, as of services
    for one in (disk, *estate.where("volume", volumeId=disk["id"])):
        one.update(name=name, updatedAt=estate.now)


def _volume_instance_update(estate: Estate, thing: Thing, args: Args) -> bool:
    """A serviceId that is not given disconnects the volume: the schema's own words."""
    disk, asked = estate.get("disk", args["volumeId"], "Volume"), args["input"]
    where = {"environmentId": args["environmentId"]} if args.get("environmentId") else {}
    found = list(estate.where("volume", volumeId=disk["id"], **where))
    if not found:
        raise Refused("VolumeInstance not found")
    for volume in found:
        if asked.get("serviceId"):
            instance = estate.instance(volume["environmentId"], asked["serviceId"])
            mount_volume(estate, instance, disk["id"], {"mountPath": asked.get("mountPath")})
        else:
            path = asked.get("mountPath") or volume["mountPath"]
            volume.update(serviceId=None, service=None, mountPath=path, updatedAt=estate.now)
    return True


def _volume_delete(estate: Estate, thing: Thing, args: Args) -> bool:
    disk = estate.get("disk", args["volumeId"], "Volume")
    estate.drop("volume", volumeId=disk["id"])
    del estate.shelf("disk")[disk["id"]]
    return True


def _schedules(estate: Estate, thing: Thing, args: Args) -> bool:
    volume = estate.get("volume", args["volumeInstanceId"], "VolumeInstance")
    volume.update(backups=sorted(set(args["kinds"])), updatedAt=estate.now)
    return True


def _deploy(estate: Estate, thing: Thing, args: Args) -> str:
    made = estate.deploy(estate.instance(args["environmentId"], args["serviceId"]), "deploy")
    if made is None:
        raise Refused("Service has no source to deploy")  # guessed
    return str(made["id"])


def _redeploy(estate: Estate, thing: Thing, args: Args) -> Thing:
    old = estate.get("deployment", args["id"], "Deployment")
    made = estate.deploy(estate.instance(old["environmentId"], old["serviceId"]), "redeploy")
    if made is None:
        raise Refused("Service has no source to deploy")  # guessed
    return made


def _roll_back(estate: Estate, thing: Thing, args: Args) -> bool:
    old = estate.get("deployment", args["id"], "Deployment")
    if not can_roll_back(estate, old):
        raise Refused("Deployment cannot be rolled back")  # guessed; the rule is `canRollback`
    roll_back(estate, old)
    return True


def _restart(estate: Estate, thing: Thing, args: Args) -> bool:
    return bool(estate.get("deployment", args["id"], "Deployment"))


def _trigger_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    asked = args["input"]
    environment = estate.environment(asked["environmentId"], asked["projectId"])
    return _write_trigger(estate, estate.instance(environment["id"], asked["serviceId"]), asked)


def _triggered(estate: Estate, id: str) -> Thing:
    return estate.get("instance", id[::-1], "DeploymentTrigger")


def _trigger_update(estate: Estate, thing: Thing, args: Args) -> Thing:
    return _write_trigger(estate, _triggered(estate, args["id"]), args["input"])


def _write_trigger(estate: Estate, instance: Thing, asked: Args) -> Thing:
    names = {"branch": "branch", "repository": "repo", "checkSuites": "checkSuites", "rootDirectory": "rootDirectory"}
    source = {inner: asked[name] for name, inner in names.items() if asked.get(name) is not None}
    instance.update(config=merged(instance["config"], {"source": source}), updatedAt=estate.now)
    return trigger_of(instance)


def _trigger_delete(estate: Estate, thing: Thing, args: Args) -> bool:
    instance = _triggered(estate, args["id"])
    patch = {"source": {"branch": None, "checkSuites": None}}
    instance.update(config=merged(instance["config"], patch), updatedAt=estate.now)
    return True


PARTS: Mapping[str, View] = {
    "variableCollectionUpsert": _variables_upsert,
    "variableUpsert": _variable_upsert,
    "variableDelete": _variable_delete,
    "customDomainCreate": _domain_create,
    "customDomainUpdate": _domain_update,
    "customDomainDelete": _deleted("domain", "CustomDomain"),
    "serviceDomainCreate": _service_domain_create,
    "serviceDomainUpdate": _service_domain_update,
    "serviceDomainDelete": _deleted("service-domain", "ServiceDomain"),
    "tcpProxyCreate": _proxy_create,
    "tcpProxyDelete": _deleted("tcp-proxy", "TCPProxy"),
    "volumeCreate": _volume_create,
    "volumeUpdate": _volume_update,
    "volumeInstanceUpdate": _volume_instance_update,
    "volumeDelete": _volume_delete,
    "volumeInstanceBackupScheduleUpdate": _schedules,
    "serviceInstanceDeployV2": _deploy,
    "deploymentRedeploy": _redeploy,
    "deploymentRestart": _restart,
    "deploymentRollback": _roll_back,
    "deploymentTriggerCreate": _trigger_create,
    "deploymentTriggerUpdate": _trigger_update,
    "deploymentTriggerDelete": _trigger_delete,
}
