"""What Pulumi builds on railway, as a program says it. Made by `trueup schema --sdk`."""

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

import pulumi


class SourceArgs(TypedDict):
    """Where an instance's code comes from: a repository and a branch, or an image."""

    repo: NotRequired[pulumi.Input[str] | None]
    """owner/name on GitHub"""
    branch: NotRequired[pulumi.Input[str] | None]
    """deployed at each push"""
    check_suites: NotRequired[pulumi.Input[bool] | None]
    """deploy only after the branch's checks have passed"""
    root_directory: NotRequired[pulumi.Input[str] | None]
    """the part of the repository to build"""
    image: NotRequired[pulumi.Input[str] | None]
    """an image and its tag, in place of a repository"""


class LimitsArgs(TypedDict):
    """What one replica may use."""

    cpu: NotRequired[pulumi.Input[float] | None]
    """virtual CPUs"""
    memory_gb: NotRequired[pulumi.Input[float] | None]
    """GB"""


InstanceBuilder = Literal[
    "RAILPACK",
    "NIXPACKS",
    "DOCKERFILE",
    "HEROKU",
    "PAKETO",
]


@pulumi.output_type
class Source:
    """Where an instance's code comes from: a repository and a branch, or an image."""

    repo: str | None
    """owner/name on GitHub"""
    branch: str | None
    """deployed at each push"""
    check_suites: bool
    """deploy only after the branch's checks have passed"""
    root_directory: str
    """the part of the repository to build"""
    image: str | None
    """an image and its tag, in place of a repository"""


@pulumi.output_type
class Limits:
    """What one replica may use."""

    cpu: float | None
    """virtual CPUs"""
    memory_gb: float | None
    """GB"""


class Project(pulumi.CustomResource):
    """A project: the home of services in all its environments."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    name: pulumi.Output[str]
    """unique in the workspace"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        name: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param name: unique in the workspace
        """
        props: dict[str, Any] = {
            "account": account,
            "name": name,
        }
        super().__init__("trueup:railway:Project", resource_name, props, opts)


class Environment(pulumi.CustomResource):
    """One environment of a project. Deleting it deletes what runs and is stored there."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    project: pulumi.Output[str]
    """the project it belongs to; names a railway.project"""
    name: pulumi.Output[str]
    """unique in the project"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        project: pulumi.Input[str],
        name: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param project: the project it belongs to; names a railway.project
        :param name: unique in the project
        """
        props: dict[str, Any] = {
            "account": account,
            "project": project,
            "name": name,
        }
        super().__init__("trueup:railway:Environment", resource_name, props, opts)


class Service(pulumi.CustomResource):
    """A service of a project. It is shared: creating or deleting it acts in every environment."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    project: pulumi.Output[str]
    """the project it belongs to; names a railway.project"""
    name: pulumi.Output[str]
    """unique in the project"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        project: pulumi.Input[str],
        name: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param project: the project it belongs to; names a railway.project
        :param name: unique in the project
        """
        props: dict[str, Any] = {
            "account": account,
            "project": project,
            "name": name,
        }
        super().__init__("trueup:railway:Service", resource_name, props, opts)


class Instance(pulumi.CustomResource):
    """A service as it runs in one environment. What is left out is left as it lives, but for Railway's own
    defaults.
    """

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    service: pulumi.Output[str]
    """the service that runs; names a railway.service"""
    environment: pulumi.Output[str]
    """where it runs; names a railway.environment"""
    source: pulumi.Output[Source | None]
    """where its code comes from; as it lives if left out"""
    region: pulumi.Output[str | None]
    """us-west, us-east, europe-west, asia-southeast, or a region id; as it lives if left out"""
    replicas: pulumi.Output[int]
    """how many run; Railway has no autoscaler; 1 if left out"""
    limits: pulumi.Output[Limits | None]
    """what one replica may use; as it lives if left out"""
    builder: pulumi.Output[InstanceBuilder | None]
    """how it is built; as it lives if left out"""
    build_command: pulumi.Output[str | None]
    """as it lives if left out"""
    start_command: pulumi.Output[str | None]
    """as it lives if left out"""
    pre_deploy_command: pulumi.Output[str | None]
    """runs before a deployment takes over, as migrations do; as it lives if left out"""
    healthcheck_path: pulumi.Output[str | None]
    """must answer before a deployment takes over; as it lives if left out"""
    healthcheck_timeout: pulumi.Output[int]
    """seconds; 300 if left out"""
    restart_policy: pulumi.Output[Literal["ON_FAILURE", "ALWAYS", "NEVER"]]
    """ON_FAILURE if left out"""
    restart_retries: pulumi.Output[int]
    """with ON_FAILURE; 10 if left out"""
    cron: pulumi.Output[str | None]
    """five fields, UTC: a job instead of a server; as it lives if left out"""
    sleep: pulumi.Output[bool]
    """whether it sleeps when nobody calls; false if left out"""
    deployment: pulumi.Output[str]
    """the state of its latest deployment, in Railway's word"""
    config_file: pulumi.Output[str]
    """a railway.json or railway.toml that the repository still carries"""
    config_sets: pulumi.Output[Sequence[str]]
    """what that file decides, so that it is not compared"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        service: pulumi.Input[str],
        environment: pulumi.Input[str],
        source: pulumi.Input[SourceArgs] | None = None,
        region: pulumi.Input[str] | None = None,
        replicas: pulumi.Input[int] | None = None,
        limits: pulumi.Input[LimitsArgs] | None = None,
        builder: pulumi.Input[InstanceBuilder] | None = None,
        build_command: pulumi.Input[str] | None = None,
        start_command: pulumi.Input[str] | None = None,
        pre_deploy_command: pulumi.Input[str] | None = None,
        healthcheck_path: pulumi.Input[str] | None = None,
        healthcheck_timeout: pulumi.Input[int] | None = None,
        restart_policy: pulumi.Input[Literal["ON_FAILURE", "ALWAYS", "NEVER"]] | None = None,
        restart_retries: pulumi.Input[int] | None = None,
        cron: pulumi.Input[str] | None = None,
        sleep: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param service: the service that runs; names a railway.service
        :param environment: where it runs; names a railway.environment
        :param source: where its code comes from; as it lives if left out
        :param region: us-west, us-east, europe-west, asia-southeast, or a region id; as it lives if left out
        :param replicas: how many run; Railway has no autoscaler; 1 if left out
        :param limits: what one replica may use; as it lives if left out
        :param builder: how it is built; as it lives if left out
        :param build_command: as it lives if left out
        :param start_command: as it lives if left out
        :param pre_deploy_command: runs before a deployment takes over, as migrations do; as it lives if left
            out
        :param healthcheck_path: must answer before a deployment takes over; as it lives if left out
        :param healthcheck_timeout: seconds; 300 if left out
        :param restart_policy: ON_FAILURE if left out
        :param restart_retries: with ON_FAILURE; 10 if left out
        :param cron: five fields, UTC: a job instead of a server; as it lives if left out
        :param sleep: whether it sleeps when nobody calls; false if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "service": service,
            "environment": environment,
            "source": source,
            "region": region,
            "replicas": replicas,
            "limits": limits,
            "builder": builder,
            "build_command": build_command,
            "start_command": start_command,
            "pre_deploy_command": pre_deploy_command,
            "healthcheck_path": healthcheck_path,
            "healthcheck_timeout": healthcheck_timeout,
            "restart_policy": restart_policy,
            "restart_retries": restart_retries,
            "cron": cron,
            "sleep": sleep,
            "deployment": None,
            "config_file": None,
            "config_sets": None,
        }
        super().__init__("trueup:railway:Instance", resource_name, props, opts)


class Variable(pulumi.CustomResource):
    """A variable of one instance; deployed together with everything else that changes there."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    name: pulumi.Output[str]
    """the variable's name"""
    value: pulumi.Output[str]
    """a plain value, or a `${{…}}` of Railway's own"""
    sealed: pulumi.Output[bool | None]
    """whether nobody can read it back; never undone; as it lives if left out"""
    instance: pulumi.Output[str]
    """whose variable it is; names a railway.instance"""
    updated_at: pulumi.Output[str]
    """when it was last written"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        name: pulumi.Input[str],
        value: pulumi.Input[str],
        instance: pulumi.Input[str],
        sealed: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param name: the variable's name
        :param value: a plain value, or a `${{…}}` of Railway's own
        :param instance: whose variable it is; names a railway.instance
        :param sealed: whether nobody can read it back; never undone; as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "name": name,
            "value": value,
            "instance": instance,
            "sealed": sealed,
            "updated_at": None,
        }
        super().__init__("trueup:railway:Variable", resource_name, props, opts)


class SharedVariable(pulumi.CustomResource):
    """A variable that an environment shares with its services: they refer to it as `${{shared.NAME}}`."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    name: pulumi.Output[str]
    """the variable's name"""
    value: pulumi.Output[str]
    """a plain value, or a `${{…}}` of Railway's own"""
    sealed: pulumi.Output[bool | None]
    """whether nobody can read it back; never undone; as it lives if left out"""
    environment: pulumi.Output[str]
    """where it is shared; names a railway.environment"""
    updated_at: pulumi.Output[str]
    """when it was last written"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        name: pulumi.Input[str],
        value: pulumi.Input[str],
        environment: pulumi.Input[str],
        sealed: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param name: the variable's name
        :param value: a plain value, or a `${{…}}` of Railway's own
        :param environment: where it is shared; names a railway.environment
        :param sealed: whether nobody can read it back; never undone; as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "name": name,
            "value": value,
            "environment": environment,
            "sealed": sealed,
            "updated_at": None,
        }
        super().__init__("trueup:railway:SharedVariable", resource_name, props, opts)


class Domain(pulumi.CustomResource):
    """A domain of our own at an instance. Railway asks for a CNAME to `target` and a TXT at `verify_name`."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    instance: pulumi.Output[str]
    """who answers there; names a railway.instance"""
    host: pulumi.Output[str]
    """the host name"""
    port: pulumi.Output[int | None]
    """the port it leads to; as it lives if left out"""
    target: pulumi.Output[str]
    """what its CNAME must point to"""
    verify_name: pulumi.Output[str]
    """where Railway looks for its TXT"""
    verify_value: pulumi.Output[str]
    """what that TXT must hold"""
    verified: pulumi.Output[bool]
    """whether Railway saw it"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        instance: pulumi.Input[str],
        host: pulumi.Input[str],
        port: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param instance: who answers there; names a railway.instance
        :param host: the host name
        :param port: the port it leads to; as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "instance": instance,
            "host": host,
            "port": port,
            "target": None,
            "verify_name": None,
            "verify_value": None,
            "verified": None,
        }
        super().__init__("trueup:railway:Domain", resource_name, props, opts)


class ServiceDomain(pulumi.CustomResource):
    """A domain of Railway's (`….up.railway.app`) at an instance."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    instance: pulumi.Output[str]
    """who answers there; names a railway.instance"""
    host: pulumi.Output[str]
    """NAME.up.railway.app"""
    port: pulumi.Output[int | None]
    """the port it leads to; as it lives if left out"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        instance: pulumi.Input[str],
        host: pulumi.Input[str],
        port: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param instance: who answers there; names a railway.instance
        :param host: NAME.up.railway.app
        :param port: the port it leads to; as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "instance": instance,
            "host": host,
            "port": port,
        }
        super().__init__("trueup:railway:ServiceDomain", resource_name, props, opts)


class TcpProxy(pulumi.CustomResource):
    """A public TCP port that leads to an instance's own."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    instance: pulumi.Output[str]
    """who answers there; names a railway.instance"""
    port: pulumi.Output[int]
    """the instance's own port"""
    public_host: pulumi.Output[str]
    """where it can be reached"""
    public_port: pulumi.Output[int]
    """and at which port"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        instance: pulumi.Input[str],
        port: pulumi.Input[int],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param instance: who answers there; names a railway.instance
        :param port: the instance's own port
        """
        props: dict[str, Any] = {
            "account": account,
            "instance": instance,
            "port": port,
            "public_host": None,
            "public_port": None,
        }
        super().__init__("trueup:railway:TcpProxy", resource_name, props, opts)


class Volume(pulumi.CustomResource):
    """A disk at an instance, and how often it is backed up."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    instance: pulumi.Output[str]
    """who it is mounted at; names a railway.instance"""
    name: pulumi.Output[str]
    """unique in the project"""
    mount: pulumi.Output[str]
    """the path it is mounted at"""
    backups: pulumi.Output[Sequence[Literal["DAILY", "WEEKLY", "MONTHLY"]] | None]
    """DAILY (kept 6 days), WEEKLY (a month), MONTHLY (three); as it lives if left out"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        instance: pulumi.Input[str],
        name: pulumi.Input[str],
        mount: pulumi.Input[str],
        backups: pulumi.Input[Sequence[pulumi.Input[Literal["DAILY", "WEEKLY", "MONTHLY"]]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param instance: who it is mounted at; names a railway.instance
        :param name: unique in the project
        :param mount: the path it is mounted at
        :param backups: DAILY (kept 6 days), WEEKLY (a month), MONTHLY (three); as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "instance": instance,
            "name": name,
            "mount": mount,
            "backups": backups,
        }
        super().__init__("trueup:railway:Volume", resource_name, props, opts)


class SshKey(pulumi.CustomResource):
    """A public key that opens the workspace's services over SSH. There is no update: another name or key is
    made anew.

    Railway knows a key by what it is, whatever it is called: the comment at its end is no part of it.
    """

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    name: pulumi.Output[str]
    """what the key is called, or whose it is"""
    public_key: pulumi.Output[str]
    """the line of a .pub file; its comment is left out"""
    fingerprint: pulumi.Output[str]
    """of the key, as ssh-keygen -l shows it"""
    created_at: pulumi.Output[str]
    """when it was added"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        name: pulumi.Input[str],
        public_key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param name: what the key is called, or whose it is
        :param public_key: the line of a .pub file; its comment is left out
        """
        props: dict[str, Any] = {
            "account": account,
            "name": name,
            "public_key": public_key,
            "fingerprint": None,
            "created_at": None,
        }
        super().__init__("trueup:railway:SshKey", resource_name, props, opts)


class Release(pulumi.CustomResource):
    """The start of an instance with what is set there. Only a Pulumi program has one: it follows quiet
    changes.
    """

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    instance: pulumi.Output[str]
    """what is started anew; names a railway.instance"""
    digest: pulumi.Output[str]
    """of what is to run; another one starts it anew"""
    deployment: pulumi.Output[str]
    """the deployment that it started; none where the instance has no source"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        instance: pulumi.Input[str],
        digest: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param instance: what is started anew; names a railway.instance
        :param digest: of what is to run; another one starts it anew
        """
        props: dict[str, Any] = {
            "account": account,
            "instance": instance,
            "digest": digest,
            "deployment": None,
        }
        super().__init__("trueup:railway:Release", resource_name, props, opts)
