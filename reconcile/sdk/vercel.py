"""What Pulumi builds on vercel, as a program says it. Made by `trueup schema --sdk`."""

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

import pulumi

ProjectFramework = Literal[
    "nextjs",
    "vite",
    "astro",
    "sveltekit",
    "nuxtjs",
    "remix",
]


class GitArgs(TypedDict):
    """The repository that a project is built from."""

    repo: pulumi.Input[str]
    """owner/name"""
    branch: pulumi.Input[str]
    """each push to it goes to production"""
    type: NotRequired[pulumi.Input[Literal["github", "gitlab", "bitbucket"] | str] | None]


ProjectProtection = Literal[
    "none",
    "preview",
    "all",
    "prod_deployment_urls_and_all_previews",
]


@pulumi.output_type
class Git:
    """The repository that a project is built from."""

    repo: str
    """owner/name"""
    branch: str
    """each push to it goes to production"""
    type: Literal["github", "gitlab", "bitbucket"] | str


VariableType = Literal[
    "plain",
    "encrypted",
    "sensitive",
]


VariableTargets = Literal[
    "production",
    "preview",
    "development",
]


CheckRequires = Literal[
    "build-ready",
    "deployment-url",
    "none",
]


CheckBlocks = Literal[
    "build-start",
    "deployment-start",
    "deployment-alias",
    "deployment-promotion",
    "none",
]


class Project(pulumi.CustomResource):
    """A front end and how it is built. What is left out is left as it lives; "" is what Vercel finds out
    itself.
    """

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    name: pulumi.Output[str]
    """unique in the account"""
    framework: pulumi.Output[ProjectFramework | str | None]
    """by Vercel's word for it; as it lives if left out"""
    root_directory: pulumi.Output[str | None]
    """the part of the repository to build; as it lives if left out"""
    build_command: pulumi.Output[str | None]
    """as it lives if left out"""
    dev_command: pulumi.Output[str | None]
    """as it lives if left out"""
    install_command: pulumi.Output[str | None]
    """as it lives if left out"""
    output_directory: pulumi.Output[str | None]
    """as it lives if left out"""
    ignore_command: pulumi.Output[str | None]
    """ends with 0 where nothing is to be built; as it lives if left out"""
    node_version: pulumi.Output[Literal["24.x", "22.x", "20.x"] | str | None]
    """as it lives if left out"""
    git: pulumi.Output[Git | None]
    """where its code comes from; as it lives if left out"""
    auto_assign_domains: pulumi.Output[bool | None]
    """whether a production build takes over the domains by itself; else somebody promotes it; as it lives if
    left out
    """
    system_variables: pulumi.Output[bool | None]
    """whether a build sees VERCEL_URL and the like; as it lives if left out"""
    directory_listing: pulumi.Output[bool | None]
    """as it lives if left out"""
    fork_protection: pulumi.Output[bool | None]
    """whether a fork's build needs a member's consent; as it lives if left out"""
    outside_files: pulumi.Output[bool | None]
    """whether a build sees files outside root_directory; as it lives if left out"""
    protection: pulumi.Output[ProjectProtection | str | None]
    """which deployments only members may see; as it lives if left out"""
    function_regions: pulumi.Output[Sequence[str] | None]
    """where functions run: iad1, fra1, …; as it lives if left out"""
    deployment: pulumi.Output[str]
    """the state of its latest production deployment, in Vercel's word"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        name: pulumi.Input[str],
        framework: pulumi.Input[ProjectFramework | str] | None = None,
        root_directory: pulumi.Input[str] | None = None,
        build_command: pulumi.Input[str] | None = None,
        dev_command: pulumi.Input[str] | None = None,
        install_command: pulumi.Input[str] | None = None,
        output_directory: pulumi.Input[str] | None = None,
        ignore_command: pulumi.Input[str] | None = None,
        node_version: pulumi.Input[Literal["24.x", "22.x", "20.x"] | str] | None = None,
        git: pulumi.Input[GitArgs] | None = None,
        auto_assign_domains: pulumi.Input[bool] | None = None,
        system_variables: pulumi.Input[bool] | None = None,
        directory_listing: pulumi.Input[bool] | None = None,
        fork_protection: pulumi.Input[bool] | None = None,
        outside_files: pulumi.Input[bool] | None = None,
        protection: pulumi.Input[ProjectProtection | str] | None = None,
        function_regions: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param name: unique in the account
        :param framework: by Vercel's word for it; as it lives if left out
        :param root_directory: the part of the repository to build; as it lives if left out
        :param build_command: as it lives if left out
        :param dev_command: as it lives if left out
        :param install_command: as it lives if left out
        :param output_directory: as it lives if left out
        :param ignore_command: ends with 0 where nothing is to be built; as it lives if left out
        :param node_version: as it lives if left out
        :param git: where its code comes from; as it lives if left out
        :param auto_assign_domains: whether a production build takes over the domains by itself; else somebody
            promotes it; as it lives if left out
        :param system_variables: whether a build sees VERCEL_URL and the like; as it lives if left out
        :param directory_listing: as it lives if left out
        :param fork_protection: whether a fork's build needs a member's consent; as it lives if left out
        :param outside_files: whether a build sees files outside root_directory; as it lives if left out
        :param protection: which deployments only members may see; as it lives if left out
        :param function_regions: where functions run: iad1, fra1, …; as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "name": name,
            "framework": framework,
            "root_directory": root_directory,
            "build_command": build_command,
            "dev_command": dev_command,
            "install_command": install_command,
            "output_directory": output_directory,
            "ignore_command": ignore_command,
            "node_version": node_version,
            "git": git,
            "auto_assign_domains": auto_assign_domains,
            "system_variables": system_variables,
            "directory_listing": directory_listing,
            "fork_protection": fork_protection,
            "outside_files": outside_files,
            "protection": protection,
            "function_regions": function_regions,
            "deployment": None,
        }
        super().__init__("trueup:vercel:Project", resource_name, props, opts)


class Variable(pulumi.CustomResource):
    """An environment variable of a project, for some targets. New deployments see a change, old ones never do."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    name: pulumi.Output[str]
    """the variable's name; the same may stand twice, for other targets"""
    value: pulumi.Output[str]
    """a plain value"""
    project: pulumi.Output[str]
    """whose variable it is; names a vercel.project"""
    type: pulumi.Output[VariableType | str | None]
    """plain; encrypted at rest; sensitive: nobody reads it back. A new secret is sensitive; as it lives if
    left out
    """
    targets: pulumi.Output[Sequence[VariableTargets | str]]
    """production, preview, development; ['production'] if left out"""
    branch: pulumi.Output[str]
    """only previews of this branch; empty if left out"""
    comment: pulumi.Output[str | None]
    """as it lives if left out"""
    updated_at: pulumi.Output[str]
    """when last written"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        name: pulumi.Input[str],
        value: pulumi.Input[str],
        project: pulumi.Input[str],
        type: pulumi.Input[VariableType | str] | None = None,
        targets: pulumi.Input[Sequence[pulumi.Input[VariableTargets | str]]] | None = None,
        branch: pulumi.Input[str] | None = None,
        comment: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param name: the variable's name; the same may stand twice, for other targets
        :param value: a plain value
        :param project: whose variable it is; names a vercel.project
        :param type: plain; encrypted at rest; sensitive: nobody reads it back. A new secret is sensitive; as it
            lives if left out
        :param targets: production, preview, development; ['production'] if left out
        :param branch: only previews of this branch; empty if left out
        :param comment: as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "name": name,
            "value": value,
            "project": project,
            "type": type,
            "targets": targets,
            "branch": branch,
            "comment": comment,
            "updated_at": None,
        }
        super().__init__("trueup:vercel:Variable", resource_name, props, opts)


class Domain(pulumi.CustomResource):
    """A domain that a project answers at, or that leads elsewhere. It needs a CNAME to `target`, at an apex an
    A to
    `ipv4`; where another account uses it, also a TXT, which Vercel tells only until it has seen it.
    """

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    project: pulumi.Output[str]
    """the project it belongs to; names a vercel.project"""
    host: pulumi.Output[str]
    """the host name"""
    branch: pulumi.Output[str]
    """shows this branch instead of production; empty if left out"""
    redirect: pulumi.Output[str]
    """the host that it leads to; empty if left out"""
    redirect_status: pulumi.Output[Literal[301, 302, 307, 308] | None]
    """as it lives if left out"""
    target: pulumi.Output[str]
    """what its CNAME must point to"""
    ipv4: pulumi.Output[str]
    """what its A must point to, at an apex"""
    misconfigured: pulumi.Output[bool]
    """whether DNS does not lead to Vercel"""
    verified: pulumi.Output[bool]
    """whether it is this account's to use"""
    verify_name: pulumi.Output[str]
    """where Vercel looks for a TXT"""
    verify_value: pulumi.Output[str]
    """what that TXT must hold, while asked for"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        project: pulumi.Input[str],
        host: pulumi.Input[str],
        branch: pulumi.Input[str] | None = None,
        redirect: pulumi.Input[str] | None = None,
        redirect_status: pulumi.Input[Literal[301, 302, 307, 308]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param project: the project it belongs to; names a vercel.project
        :param host: the host name
        :param branch: shows this branch instead of production; empty if left out
        :param redirect: the host that it leads to; empty if left out
        :param redirect_status: as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "project": project,
            "host": host,
            "branch": branch,
            "redirect": redirect,
            "redirect_status": redirect_status,
            "target": None,
            "ipv4": None,
            "misconfigured": None,
            "verified": None,
            "verify_name": None,
            "verify_value": None,
        }
        super().__init__("trueup:vercel:Domain", resource_name, props, opts)


class Check(pulumi.CustomResource):
    """What must be green before a production build takes over (docs page deployment-checks)."""

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    project: pulumi.Output[str]
    """the project it belongs to; names a vercel.project"""
    name: pulumi.Output[str]
    """unique in the project"""
    github: pulumi.Output[str | None]
    """the check or workflow on GitHub, by the name it reports; as it lives if left out"""
    requires: pulumi.Output[CheckRequires]
    """what must be there before it can run; deployment-url if left out"""
    blocks: pulumi.Output[CheckBlocks]
    """what waits for it; deployment-alias: the domains; deployment-alias if left out"""
    targets: pulumi.Output[Sequence[Literal["production", "preview"] | str]]
    """which deployments wait; ['production'] if left out"""
    timeout: pulumi.Output[int | None]
    """how long it is waited for, in Vercel's unit; as it lives if left out"""
    rerequestable: pulumi.Output[bool | None]
    """whether it can be asked for again; as it lives if left out"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        project: pulumi.Input[str],
        name: pulumi.Input[str],
        github: pulumi.Input[str] | None = None,
        requires: pulumi.Input[CheckRequires] | None = None,
        blocks: pulumi.Input[CheckBlocks] | None = None,
        targets: pulumi.Input[Sequence[pulumi.Input[Literal["production", "preview"] | str]]] | None = None,
        timeout: pulumi.Input[int] | None = None,
        rerequestable: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param project: the project it belongs to; names a vercel.project
        :param name: unique in the project
        :param github: the check or workflow on GitHub, by the name it reports; as it lives if left out
        :param requires: what must be there before it can run; deployment-url if left out
        :param blocks: what waits for it; deployment-alias: the domains; deployment-alias if left out
        :param targets: which deployments wait; ['production'] if left out
        :param timeout: how long it is waited for, in Vercel's unit; as it lives if left out
        :param rerequestable: whether it can be asked for again; as it lives if left out
        """
        props: dict[str, Any] = {
            "account": account,
            "project": project,
            "name": name,
            "github": github,
            "requires": requires,
            "blocks": blocks,
            "targets": targets,
            "timeout": timeout,
            "rerequestable": rerequestable,
        }
        super().__init__("trueup:vercel:Check", resource_name, props, opts)


class Webhook(pulumi.CustomResource):
    """Who is called when something happens. It is never changed, so a change makes another, with another
    secret.
    """

    account: pulumi.Output[str]
    """the account of stacks/_project.yaml that it stands in"""
    url: pulumi.Output[str]
    """https address"""
    events: pulumi.Output[Sequence[str]]
    """deployment.error, project.domain.unverified, …"""
    projects: pulumi.Output[Sequence[str]]
    """of these projects; of all where none is named; names a vercel.project; empty if left out"""
    secret: pulumi.Output[str]
    """signs what is sent; known only right after the making; a secret"""

    def __init__(
        self,
        resource_name: str,
        *,
        account: pulumi.Input[str],
        url: pulumi.Input[str],
        events: pulumi.Input[Sequence[pulumi.Input[str]]],
        projects: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Registers it with the engine that runs the program.

        :param account: the account of stacks/_project.yaml that it stands in
        :param url: https address
        :param events: deployment.error, project.domain.unverified, …
        :param projects: of these projects; of all where none is named; names a vercel.project; empty if left
            out
        """
        secret = pulumi.ResourceOptions(additional_secret_outputs=["secret"])
        props: dict[str, Any] = {
            "account": account,
            "url": url,
            "events": events,
            "projects": projects,
            "secret": None,
        }
        super().__init__("trueup:vercel:Webhook", resource_name, props, pulumi.ResourceOptions.merge(opts, secret))
