"""The mutations of the sandbox's Railway: projects, environments, services and their instances."""

from collections.abc import Mapping
from typing import Any

from ...model.pretend import Thing
from .pretend_changeset import apply_changes, changes_of
from .pretend_commit import checked, patch_environment, put_variables
from .pretend_config import flat_patch, merged, wrong_section
from .pretend_estate import Estate, Refused
from .pretend_queries import told_change_set
from .pretend_views import Args, View, workspace

_FLAGS = ("prDeploys", "isPublic", "botPrEnvironments", "focusedPrEnvironments")


def add_project(estate: Estate, fields: Mapping[str, Any]) -> Thing:
    """A project and its first environment. Raises Refused."""
    project = add_bare_project(estate, fields)
    first = add_environment(estate, project, fields.get("defaultEnvironmentName") or "production")
    project["baseEnvironmentId"] = first["id"]
    return project


def add_bare_project(estate: Estate, fields: Mapping[str, Any]) -> Thing:
    """A project without environments, with the `id` of `fields` where that gives one. Raises Refused."""
    home = fields.get("workspaceId") or estate.workspace
    workspace(estate, home)
    name = fields.get("name") or f"project-{estate.world.new_id(4)}"
    if not name.strip() or len(name) > 255:
        raise Refused("Invalid project name")
    told = {"name": name, "description": fields.get("description"), "workspaceId": home, "baseEnvironmentId": None}
    told |= {"id": fields["id"]} if "id" in fields else {}
    return estate.add("project", {**told, **{flag: bool(fields.get(flag)) for flag in _FLAGS}})


def add_environment(estate: Estate, project: Thing, name: str, ephemeral: bool = False) -> Thing:
    """An empty environment. Raises Refused on a name that the project has."""
    if not name.strip():
        raise Refused("Invalid environment name")  # guessed
    if next(estate.where("environment", projectId=project["id"], name=name), None):
        raise Refused(f'An environment named "{name}" already exists in this project')  # guessed, as of services
    return estate.add("environment", {"name": name, "projectId": project["id"], "isEphemeral": ephemeral})


def add_service(estate: Estate, project: Thing, name: str, icon: str | None = None) -> Thing:
    """A service without instances. Raises Refused on a name that the project has."""
    if next(estate.where("service", projectId=project["id"], name=name), None):
        raise Refused(f'A service named "{name}" already exists in this project')
    return estate.add("service", {"name": name, "projectId": project["id"], "icon": icon})


def _project_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    estate.not_too_quick("project", "projects")
    return add_project(estate, args["input"])


def _project_update(estate: Estate, thing: Thing, args: Args) -> Thing:
    project, fields = estate.project(args["id"]), dict(args["input"])
    name = fields.pop("name", None)
    if fields.get("baseEnvironmentId") is not None:
        estate.environment(fields["baseEnvironmentId"], project["id"])
    project.update(fields, updatedAt=estate.now)
    if name is not None and name != project["name"]:
        estate.renamed("project", project, name)
    return project


def _project_delete(estate: Estate, thing: Thing, args: Args) -> bool:
    estate.drop_project(estate.project(args["id"]))
    return True


def _environment_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    asked = args["input"]
    project = estate.project(asked["projectId"])
    estate.not_too_quick("environment", "environments")
    source = asked.get("sourceEnvironmentId")
    copied = estate.environment(source, project["id"]) if source else None
    made = add_environment(estate, project, asked["name"], bool(asked.get("ephemeral")))
    if copied is not None:
        _copy(estate, copied, made, deploys=not asked.get("skipInitialDeploys"))
    return made


def _copy(estate: Estate, source: Thing, into: Thing, *, deploys: bool) -> None:
    """Services, variables and volumes; what is sealed is not copied, nor are domains."""
    here = {"environmentId": into["id"]}
    stamps = ("id", "createdAt", "updatedAt")
    for kind in ("instance", "variable", "shared-variable", "volume"):
        for one in list(estate.where(kind, environmentId=source["id"])):
            if not one.get("isSealed"):
                estate.add(kind, {**{key: value for key, value in one.items() if key not in stamps}, **here})
    for instance in estate.where("instance", **here) if deploys else ():
        estate.deploy(instance, "deploy")


def _environment_rename(estate: Estate, thing: Thing, args: Args) -> Thing:
    environment, name = estate.environment(args["id"]), args["input"]["name"]
    others = estate.where("environment", projectId=environment["projectId"], name=name)
    if any(one["id"] != environment["id"] for one in others):
        raise Refused(f'An environment named "{name}" already exists in this project')  # guessed, as of services
    estate.renamed("environment", environment, name)
    return environment


def _environment_delete(estate: Estate, thing: Thing, args: Args) -> bool:
    estate.drop_environment(estate.environment(args["id"]))
    return True


def _service_create(estate: Estate, thing: Thing, args: Args) -> Thing:
    asked = args["input"]
    project = estate.project(asked["projectId"])
    environments = estate.scope(project["id"], asked.get("environmentId"))
    if any(one["projectId"] != project["id"] for one in environments):
        raise Refused("Environment not found")
    name = asked.get("name") or f"service-{estate.world.new_id(4)}"
    service = add_service(estate, project, name, asked.get("icon"))
    source = {key: value for key, value in (asked.get("source") or {}).items() if value}
    if source.get("repo") and asked.get("branch"):
        source["branch"] = asked["branch"]
    config = {"source": source} if source else {}
    if asked.get("registryCredentials"):
        config["deploy"] = {"registryCredentials": dict(asked["registryCredentials"])}
    for environment in environments:
        instance = estate.add_instance(service, environment, config)
        put_variables(estate, environment, instance, asked.get("variables") or {}, replace=False)
        # A repository without a branch is taken and never deployed: so the vendor's provider found it.
        if source.get("image") or source.get("branch"):
            estate.deploy(instance, "deploy")
    return service


def _service_update(estate: Estate, thing: Thing, args: Args) -> Thing:
    service, fields = estate.service(args["id"]), args["input"]
    name = fields.get("name")
    if name and name != service["name"]:
        if next(estate.where("service", projectId=service["projectId"], name=name), None):
            raise Refused(f'A service named "{name}" already exists in this project')
        estate.renamed("service", service, name)
    if "icon" in fields:
        service.update(icon=fields["icon"], updatedAt=estate.now)
    return service


def _service_delete(estate: Estate, thing: Thing, args: Args) -> bool:
    """In all environments that are not forks, whichever of them is named; the service goes with its last instance."""
    service = estate.service(args["id"])
    for environment in estate.scope(service["projectId"], args.get("environmentId")):
        instance = estate.instance_or_none(environment["id"], service["id"])
        if instance is not None:
            estate.drop_instance(instance)
    if not next(estate.where("instance", serviceId=service["id"]), None):
        del estate.shelf("service")[service["id"]]
    return True


def _instance_update(estate: Estate, thing: Thing, args: Args) -> bool:
    """Deploys nothing."""
    service = estate.service(args["serviceId"])
    fields = dict(args["input"])
    source = fields.pop("source", None)
    fields |= source or ({"repo": None, "image": None} if "source" in args["input"] else {})
    scope = estate.scope(service["projectId"], args.get("environmentId"))
    instances = [one for one in (estate.instance_or_none(e["id"], service["id"]) for e in scope) if one]
    if not instances:
        raise Refused("ServiceInstance not found")
    for instance in instances:
        write_instance(estate, instance, fields)
    return True


def write_instance(estate: Estate, instance: Thing, fields: Mapping[str, Any]) -> None:
    """Set fields of an instance, named as its GraphQL type names them. Raises Refused on a wrong value."""
    patch = flat_patch(fields, instance["config"])
    for section, value in patch.items():
        faults = wrong_section(section, value) if value is not None else []
        if faults:
            raise Refused(faults[0], "BAD_USER_INPUT")
    instance.update(config=merged(instance["config"], patch), updatedAt=estate.now)


def _limits_update(estate: Estate, thing: Thing, args: Args) -> bool:
    asked = args["input"]
    set_limits(
        estate, estate.instance(asked["environmentId"], asked["serviceId"]), asked.get("vCPUs"), asked.get("memoryGB")
    )
    return True


def set_limits(estate: Estate, instance: Thing, cpus: float | None, memory_gb: float | None) -> None:
    """None takes a limit away."""
    told = {"cpu": cpus, "memoryBytes": None if memory_gb is None else int(memory_gb * 1_000_000_000)}
    patch = {"deploy": {"limitOverride": {"containers": told}}}
    instance.update(config=merged(instance["config"], patch), updatedAt=estate.now)


def _connect(estate: Estate, thing: Thing, args: Args) -> Thing:
    service, asked = estate.service(args["id"]), args["input"]
    source = {key: asked.get(key) for key in ("repo", "image", "branch")}
    for environment in estate.scope(service["projectId"], None):
        instance = estate.instance_or_none(environment["id"], service["id"])
        if instance is not None:
            write_instance(estate, instance, source)
            estate.deploy(instance, "deploy")
    return service


def _disconnect(estate: Estate, thing: Thing, args: Args) -> Thing:
    service = estate.service(args["id"])
    for instance in estate.where("instance", serviceId=service["id"]):
        write_instance(estate, instance, {"repo": None, "image": None, "branch": None})
    return service


def _preview(estate: Estate, thing: Thing, args: Args) -> Thing:
    """What an apply would do, without what changes nothing; tried on the estate, which is then as it was."""
    environment, changes = estate.environment(args["environmentId"]), changes_of(args["input"])
    results = estate.tried(lambda: apply_changes(estate, environment, changes))
    kept = [change for change, one in zip(changes, results, strict=True) if one["status"] != "noop"]
    effects = [{"path": one["path"], "deployEffect": one.get("deployEffect", "none")} for one in kept]  # guessed
    return {"changeSet": {"version": 1, "changes": kept, "diagnostics": []}, "diagnostics": [], "effects": effects}


def _apply(estate: Estate, thing: Thing, args: Args) -> Thing:
    environment = estate.environment(args["environmentId"])
    if args.get("baseConfigEtag") not in (None, estate.etag(environment)):
        raise Refused("The environment changed since this plan was computed", "STALE_ENVIRONMENT_BASE")
    changes = changes_of(args["input"])
    results, made = estate.committed(environment, lambda: apply_changes(estate, environment, changes))
    fields = {"environmentId": environment["id"], "projectId": environment["projectId"], "changes": results}
    fields |= {"name": args.get("commitMessage") or "", "diagnostics": [], "stagedPatchId": None}
    deployment = made[0]["id"] if made else None
    # Waiting is what an absent waitForCompletion asks for.
    polls = 0 if args.get("waitForCompletion") is False else 2
    return told_change_set(estate.add("changeset", {**fields, "deploymentId": deployment, "polls": polls}))


def _patch_commit(estate: Estate, thing: Thing, args: Args) -> str:
    environment = estate.environment(args["environmentId"])
    return _commit(estate, environment, checked(args.get("patch") or {}), args)


def _commit(estate: Estate, environment: Thing, patch: Thing, args: Args, staged: Thing | None = None) -> str:
    skip = bool(args.get("skipDeploys"))
    estate.committed(environment, lambda: patch_environment(estate, environment, patch), deploys=not skip)
    told = {"status": "COMMITTED", "message": args.get("commitMessage"), "appliedAt": estate.now}
    fields = {"name": told["message"] or "", "environmentId": environment["id"], "projectId": environment["projectId"]}
    done = staged if staged is not None else estate.add("patch", {**fields, "patch": patch})
    done.update(told, workflowId=estate.new_id(), updatedAt=estate.now)
    return str(done["workflowId"])


def _stage(estate: Estate, thing: Thing, args: Args) -> Thing:
    """There is one staged patch an environment; `merge` adds to it, else it is replaced."""
    return stage(estate, estate.environment(args["environmentId"]), checked(args["input"]), bool(args.get("merge")))


def stage(estate: Estate, environment: Thing, patch: Thing, merge: bool) -> Thing:
    """A patch that waits for its commit; what it names is looked up only then. Nobody is told whose a part of it is."""
    staged = next(estate.where("patch", environmentId=environment["id"], status="STAGED"), None)
    if staged is None:
        fields = {"name": "staged", "environmentId": environment["id"], "projectId": environment["projectId"]}
        return estate.add("patch", {**fields, "status": "STAGED", "patch": patch})
    staged.update(patch=_laid(staged["patch"], patch) if merge else patch, updatedAt=estate.now)
    return staged


def _laid(old: Mapping[str, Any], new: Mapping[str, Any]) -> Thing:
    """Two patches as one: a null stays a null, for it deletes."""
    both = dict(old)
    for key, value in new.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = _laid(both[key], value) if nested else value
    return both


def _commit_staged(estate: Estate, thing: Thing, args: Args) -> str:
    environment = estate.environment(args["environmentId"])
    staged = next(estate.where("patch", environmentId=environment["id"], status="STAGED"), None)
    if staged is None or not staged["patch"]:
        raise Refused("No patch to apply")  # so Railway's own skill for agents says
    return _commit(estate, environment, staged["patch"], args, staged)


MUTATIONS: Mapping[str, View] = {
    "projectCreate": _project_create,
    "projectUpdate": _project_update,
    "projectDelete": _project_delete,
    "environmentCreate": _environment_create,
    "environmentRename": _environment_rename,
    "environmentDelete": _environment_delete,
    "environmentPreviewChangeSet": _preview,
    "environmentApplyChangeSet": _apply,
    "environmentPatchCommit": _patch_commit,
    "environmentStageChanges": _stage,
    "environmentPatchCommitStaged": _commit_staged,
    "serviceCreate": _service_create,
    "serviceUpdate": _service_update,
    "serviceDelete": _service_delete,
    "serviceConnect": _connect,
    "serviceDisconnect": _disconnect,
    "serviceInstanceUpdate": _instance_update,
    "serviceInstanceLimitsUpdate": _limits_update,
}
