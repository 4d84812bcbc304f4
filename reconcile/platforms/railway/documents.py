"""What is asked of Railway: the texts of its GraphQL operations, after the published schema of August 2026.

A query that reads several environments names each by an alias (`e0`, `e1`, …), so that one request reads them all.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

PAGE = "pageInfo { hasNextPage endCursor }"
ENVIRONMENTS_PER_CALL = 10
"""How many environments one request reads whole."""

_DNS = "purpose recordType zone hostlabel fqdn requiredValue"
_DOMAIN_STATUS = f"status {{ verified verificationDnsHost verificationToken dnsRecords {{ {_DNS} }} }}"
_DOMAINS = f"""domains {{
    serviceDomains {{ id domain targetPort syncStatus deletedAt }}
    customDomains {{ id domain targetPort syncStatus deletedAt {_DOMAIN_STATUS} }} }}"""

CONNECTIONS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "variables": (1000, "id name serviceId isSealed updatedAt"),
        "serviceInstances": (
            500,
            f"""id serviceId deletedAt source {{ repo image }} rootDirectory railwayConfigFile builder buildCommand
    startCommand preDeployCommand cronSchedule healthcheckPath healthcheckTimeout numReplicas region
    restartPolicyType restartPolicyMaxRetries sleepApplication latestDeployment {{ id status meta }}
    activeDeployments {{ id meta }}
    {_DOMAINS}""",
        ),
        "volumeInstances": (
            500,
            "id volumeId serviceId mountPath state isPendingDeletion deletedAt volume { id name }",
        ),
        "deploymentTriggers": (500, "id serviceId repository branch checkSuites"),
    }
)
"""An environment's listings: how many a page, and what is read of each."""
_PULSE = {
    "variables": CONNECTIONS["variables"],
    "serviceInstances": (500, f"id serviceId deletedAt {_DOMAINS}"),
    "volumeInstances": CONNECTIONS["volumeInstances"],
}

WHO_AM_I = "query WhoAmI { apiToken { workspaces { id name } } }"
_PROJECT = f"""id name workspaceId deletedAt
  environments(first: 100) {{ edges {{ node {{ id name canAccess isEphemeral deletedAt }} }} {PAGE} }}
  services(first: 500) {{ edges {{ node {{ id name deletedAt }} }} {PAGE} }}"""
PROJECTS_FIELD = f"projects(workspaceId: $w, first: 500) {{ edges {{ node {{ {_PROJECT} }} }} {PAGE} }}"
PROJECTS = f"query Projects($w: String!) {{ apiToken {{ workspaces {{ id name }} }} {PROJECTS_FIELD} }}"
SSH_KEYS_FIELD = f"""sshPublicKeys(workspaceId: $w, first: 500) {{
  edges {{ node {{ id name publicKey fingerprint createdAt }} }} {PAGE} }}"""
PROJECTS_AND_KEYS = f"""query Projects($w: String!) {{ apiToken {{ workspaces {{ id name }} }}
  {PROJECTS_FIELD}
  {SSH_KEYS_FIELD} }}"""


def _connections(wanted: Mapping[str, tuple[int, str]]) -> str:
    return "\n  ".join(
        f"{name}(first: {count}) {{ edges {{ node {{ {fields} }} }} {PAGE} }}"
        for name, (count, fields) in wanted.items()
    )


def _declared(count: int) -> str:
    return ", ".join(f"$e{number}: String!" for number in range(count))


@lru_cache(maxsize=32)
def snapshot(count: int) -> str:
    """Several environments of the project `$p`, whole."""
    reads = " ".join(f"e{number}: environment(id: $e{number}, projectId: $p) {{ ...Env }}" for number in range(count))
    return f"""query Snapshot($p: String!, {_declared(count)}) {{ {reads} }}
fragment Env on Environment {{
  id name projectId deletedAt unmergedChangesCount configEtag config(decryptVariables: true)
  {_connections(CONNECTIONS)} }}"""


@lru_cache(maxsize=32)
def poll(count: int, keys: bool = False) -> str:
    """Whether anything moved: the workspace's projects, the tokens of what environments hold, and what those tokens
    are not known to cover: when variables were written, and what domains need. `keys`: its SSH keys, too."""
    reads = " ".join(f"e{number}: environment(id: $e{number}) {{ ...Pulse }}" for number in range(count))
    listed = f"{PROJECTS_FIELD} {SSH_KEYS_FIELD}" if keys else PROJECTS_FIELD
    whole = f"query Poll($w: String!, {_declared(count)}) {{ {listed} {reads} }}"
    # A fragment that nothing uses makes a document invalid.
    pulse = (
        f"fragment Pulse on Environment {{ id name deletedAt unmergedChangesCount configEtag {_connections(_PULSE)} }}"
    )
    return f"{whole}\n{pulse}" if count else whole


@lru_cache(maxsize=32)
def etags(count: int) -> str:
    reads = " ".join(f"e{number}: environment(id: $e{number}) {{ id configEtag }}" for number in range(count))
    return f"query Etags({_declared(count)}) {{ {reads} }}"


@lru_cache(maxsize=8)
def more(connection: str) -> str:
    """A further page of one listing of an environment."""
    count, fields = CONNECTIONS[connection]
    return f"""query More($e: String!, $after: String!) {{ environment(id: $e) {{
  {connection}(first: {count}, after: $after) {{ edges {{ node {{ {fields} }} }} {PAGE} }} }} }}"""


PROXIES = (
    "tcpProxies(environmentId: $e{0}, serviceId: $s{0}) {{ id applicationPort proxyPort domain syncStatus deletedAt }}"
)
VALUES = "variables(projectId: $p{0}, environmentId: $e{0}, serviceId: $s{0}, unrendered: true)"
SHARED_VALUES = "variables(projectId: $p{0}, environmentId: $e{0}, unrendered: true)"
SCHEDULES = "volumeInstanceBackupScheduleList(volumeInstanceId: $i{0}) {{ id kind }}"


def per_service(fields: list[str]) -> str:
    """What the snapshot does not hold, one alias (`x0`, `x1`, …) a field of those above."""
    told = [field.format(number) for number, field in enumerate(fields)]
    names = sorted({word.strip("(),:") for field in told for word in field.split() if word.startswith("$")})
    declared = ", ".join(f"{name}: String!" for name in names)
    reads = " ".join(f"x{number}: {field}" for number, field in enumerate(told))
    return f"query PerService({declared}) {{ {reads} }}"


_RESULT = "id status deploymentId stagedPatchId diagnostics changes { kind path summary status }"
APPLY = f"""mutation Apply($e: String!, $i: JSON!, $m: String, $b: String, $w: Boolean) {{
  environmentApplyChangeSet(
    environmentId: $e, input: $i, commitMessage: $m, baseConfigEtag: $b, waitForCompletion: $w
  ) {{ {_RESULT} }} }}"""
APPLY_STATUS = f"""query ApplyStatus($e: String!, $id: String!) {{
  environmentChangeSetApply(environmentId: $e, id: $id) {{ {_RESULT} }} }}"""
PATCH_COMMIT = """mutation PatchCommit($e: String!, $p: EnvironmentConfig!, $m: String) {
  environmentPatchCommit(environmentId: $e, patch: $p, commitMessage: $m) }"""

STAGED_BASE = "query StagedBase($e: String!) { environment(id: $e) { id configEtag unmergedChangesCount } }"
STAGED = """query Staged($e: String!) { environmentStagedChanges(environmentId: $e) {
  id status patch(decryptVariables: false) } }"""
QUIET_COMMIT = """mutation QuietCommit($e: String!, $p: EnvironmentConfig!, $m: String) {
  environmentStageChanges(environmentId: $e, input: $p, merge: false) { id }
  environmentPatchCommitStaged(environmentId: $e, commitMessage: $m, skipDeploys: true) }"""
UNSTAGE = """mutation Unstage($e: String!, $p: EnvironmentConfig!) {
  environmentStageChanges(environmentId: $e, input: $p, merge: false) { id } }"""
DEPLOY = """mutation Deploy($e: String!, $s: String!) {
  serviceInstanceDeployV2(environmentId: $e, serviceId: $s) }"""

LATEST = f"""query Latest($e: String!) {{ environment(id: $e) {{ id config(decryptVariables: false)
  serviceInstances(first: 500) {{ edges {{ node {{
    serviceId deletedAt source {{ repo image }} latestDeployment {{ id }} }} }} {PAGE} }} }} }}"""


@lru_cache(maxsize=8)
def running(count: int) -> str:
    """Of several environments, what each instance runs."""
    reads = " ".join(f"e{number}: environment(id: $e{number}) {{ ...Runs }}" for number in range(count))
    return f"""query Running({_declared(count)}) {{ {reads} }}
fragment Runs on Environment {{ id serviceInstances(first: 500) {{ edges {{ node {{
  serviceId deletedAt latestDeployment {{ id status createdAt meta }}
  activeDeployments {{ id status }} }} }} {PAGE} }} }}"""


PROJECT_TOKENS = f"""query ProjectTokens($p: String!, $after: String) {{ projectTokens(
  projectId: $p, first: 100, after: $after) {{ edges {{ node {{ id name environmentId createdAt }} }} {PAGE} }} }}"""
PROJECT_TOKEN_CREATE = """mutation ProjectTokenCreate($i: ProjectTokenCreateInput!) {
  projectTokenCreate(input: $i) }"""
PROJECT_TOKEN_DELETE = "mutation ProjectTokenDelete($id: String!) { projectTokenDelete(id: $id) }"
PROJECT_TOKEN = "query ProjectTokenSelf { projectToken { projectId environmentId } }"

PROJECT_CREATE = "mutation ProjectCreate($i: ProjectCreateInput!) { projectCreate(input: $i) { id name } }"
PROJECT_UPDATE = """mutation ProjectUpdate($id: String!, $i: ProjectUpdateInput!) {
  projectUpdate(id: $id, input: $i) { id name } }"""
PROJECT_DELETE = "mutation ProjectDelete($id: String!) { projectDelete(id: $id) }"
ENVIRONMENT_CREATE = """mutation EnvironmentCreate($i: EnvironmentCreateInput!) {
  environmentCreate(input: $i) { id name } }"""
ENVIRONMENT_RENAME = """mutation EnvironmentRename($id: String!, $i: EnvironmentRenameInput!) {
  environmentRename(id: $id, input: $i) { id name } }"""
ENVIRONMENT_DELETE = "mutation EnvironmentDelete($id: String!) { environmentDelete(id: $id) }"
SERVICE_CREATE = "mutation ServiceCreate($i: ServiceCreateInput!) { serviceCreate(input: $i) { id name } }"
SERVICE_UPDATE = """mutation ServiceUpdate($id: String!, $i: ServiceUpdateInput!) {
  serviceUpdate(id: $id, input: $i) { id name } }"""
SSH_KEY_CREATE = "mutation SshKeyCreate($i: SshPublicKeyCreateInput!) { sshPublicKeyCreate(input: $i) { id } }"
SSH_KEY_REPLACE = """mutation SshKeyReplace($id: String!, $i: SshPublicKeyCreateInput!) {
  sshPublicKeyDelete(id: $id) sshPublicKeyCreate(input: $i) { id } }"""
SSH_KEY_DELETE = "mutation SshKeyDelete($id: String!) { sshPublicKeyDelete(id: $id) }"
SERVICE_DELETE = "mutation ServiceDelete($id: String!) { serviceDelete(id: $id) }"

DOMAIN_CREATE = "mutation CustomDomainCreate($i: CustomDomainCreateInput!) { customDomainCreate(input: $i) { id } }"
DOMAIN_UPDATE = """mutation CustomDomainUpdate($id: String!, $e: String!, $port: Int) {
  customDomainUpdate(id: $id, environmentId: $e, targetPort: $port) }"""
DOMAIN_DELETE = "mutation CustomDomainDelete($id: String!) { customDomainDelete(id: $id) }"
SERVICE_DOMAIN_CREATE = """mutation ServiceDomainCreate($i: ServiceDomainCreateInput!) {
  serviceDomainCreate(input: $i) { id domain } }"""
SERVICE_DOMAIN_UPDATE = """mutation ServiceDomainUpdate($i: ServiceDomainUpdateInput!) {
  serviceDomainUpdate(input: $i) }"""
SERVICE_DOMAIN_DELETE = "mutation ServiceDomainDelete($id: String!) { serviceDomainDelete(id: $id) }"
TCP_PROXY_DELETE = "mutation TcpProxyDelete($id: String!) { tcpProxyDelete(id: $id) }"
VOLUME_UPDATE = """mutation VolumeUpdate($v: String!, $i: VolumeUpdateInput!) {
  volumeUpdate(volumeId: $v, input: $i) { id name } }"""
BACKUP_SCHEDULE = """mutation BackupSchedule($i: String!, $k: [VolumeInstanceBackupScheduleKind!]!) {
  volumeInstanceBackupScheduleUpdate(volumeInstanceId: $i, kinds: $k) }"""

FIXED: tuple[str, ...] = (
    *(WHO_AM_I, PROJECTS, APPLY, APPLY_STATUS, PATCH_COMMIT, PROJECT_CREATE, PROJECT_UPDATE, PROJECT_DELETE),
    *(STAGED_BASE, STAGED, QUIET_COMMIT, UNSTAGE, DEPLOY, LATEST),
    *(ENVIRONMENT_CREATE, ENVIRONMENT_RENAME, ENVIRONMENT_DELETE, SERVICE_CREATE, SERVICE_UPDATE, SERVICE_DELETE),
    *(DOMAIN_CREATE, DOMAIN_UPDATE, DOMAIN_DELETE, SERVICE_DOMAIN_CREATE, SERVICE_DOMAIN_UPDATE),
    *(SERVICE_DOMAIN_DELETE, TCP_PROXY_DELETE, VOLUME_UPDATE, BACKUP_SCHEDULE),
    *(PROJECTS_AND_KEYS, SSH_KEY_CREATE, SSH_KEY_REPLACE, SSH_KEY_DELETE),
    *(PROJECT_TOKENS, PROJECT_TOKEN_CREATE, PROJECT_TOKEN_DELETE, PROJECT_TOKEN),
)
"""Every text that does not depend on how much is read."""
