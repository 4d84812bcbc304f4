"""The documents that Railway's clients send for each operation that the sandbox plays, by name."""

ENVIRONMENT_FRAGMENT = """
fragment Env on Environment { id name projectId createdAt updatedAt deletedAt isEphemeral unmergedChangesCount
configEtag config(decryptVariables: true) variables(first: 1000) { edges { node { id name serviceId environmentId
isSealed references createdAt updatedAt } } pageInfo { hasNextPage endCursor } } serviceInstances(first: 500) {
edges { node { id serviceId serviceName environmentId createdAt updatedAt deletedAt source { repo image }
rootDirectory railwayConfigFile builder buildCommand dockerfilePath watchPatterns startCommand preDeployCommand
cronSchedule healthcheckPath healthcheckTimeout numReplicas region restartPolicyType restartPolicyMaxRetries
sleepApplication overlapSeconds drainingSeconds ipv6EgressEnabled latestDeployment { id status createdAt updatedAt
canRollback meta } activeDeployments { id status } domains { serviceDomains { id domain suffix targetPort syncStatus
createdAt updatedAt } customDomains { id domain targetPort syncStatus createdAt updatedAt status { verified
verificationDnsHost verificationToken certificateStatus certificateErrorType certificateErrorMessage
certificateRetryable certificates { issuedAt expiresAt } dnsRecords { purpose recordType zone hostlabel fqdn
requiredValue currentValue status } } } } } } pageInfo { hasNextPage endCursor } } volumeInstances(first: 500) {
edges { node { id volumeId serviceId environmentId mountPath sizeMB currentSizeMB region state isPendingDeletion
deletedAt createdAt volume { id name } } } pageInfo { hasNextPage endCursor } } deploymentTriggers(first: 500) {
edges { node { id serviceId environmentId provider repository branch checkSuites } } pageInfo { hasNextPage
endCursor } } }
"""
DOCUMENTS = {
    "Snapshot": """
query Snapshot($p: String!, $e0: String!, $e1: String!) { project(id: $p) { id name description workspaceId
baseEnvironmentId prDeploys isPublic deletedAt updatedAt services(first: 500) { edges { node { id name icon
deletedAt updatedAt templateId } } pageInfo { hasNextPage endCursor } } environments(first: 100) { edges { node { id
name canAccess isEphemeral unmergedChangesCount deletedAt updatedAt } } pageInfo { hasNextPage endCursor } }
volumes(first: 500) { edges { node { id name } } pageInfo { hasNextPage endCursor } } buckets(first: 100) { edges {
node { id name } } pageInfo { hasNextPage endCursor } } } e0: environment(id: $e0, projectId: $p) { ...Env } e1:
environment(id: $e1, projectId: $p) { ...Env } s0: environmentStagedChanges(environmentId: $e0) { id status
updatedAt lastAppliedError patch } s1: environmentStagedChanges(environmentId: $e1) { id status updatedAt
lastAppliedError patch } }
"""
    + ENVIRONMENT_FRAGMENT,
    "PerService": """
query PerService($p: String!, $e: String!, $s: String!, $vi: String!) { t0: tcpProxies(environmentId: $e, serviceId:
$s) { id applicationPort proxyPort domain syncStatus deletedAt createdAt updatedAt } v0: variables(projectId: $p,
environmentId: $e, serviceId: $s, unrendered: true) sv: variables(projectId: $p, environmentId: $e, unrendered:
true) b0: volumeInstanceBackupScheduleList(volumeInstanceId: $vi) { id kind cron name retentionSeconds createdAt }
l0: serviceInstanceLimitOverride(environmentId: $e, serviceId: $s) }
""",
    "Poll": """
query Poll($e0: String!, $e1: String!) { e0: environment(id: $e0) { id configEtag updatedAt } e1: environment(id:
$e1) { id configEtag updatedAt } }
""",
    "Preview": """
mutation Preview($e: String!, $i: JSON!) { environmentPreviewChangeSet(environmentId: $e, input: $i) { changeSet
diagnostics effects } }
""",
    "Apply": """
mutation Apply($e: String!, $i: JSON!, $m: String, $b: String, $w: Boolean) { environmentApplyChangeSet(
environmentId: $e input: $i commitMessage: $m baseConfigEtag: $b waitForCompletion: $w ) { id status deploymentId
stagedPatchId diagnostics changes { kind path summary status outputs } } }
""",
    "ApplyStatus": """
query ApplyStatus($e: String!, $id: String!) { environmentChangeSetApply(environmentId: $e, id: $id) { id status
deploymentId stagedPatchId diagnostics changes { kind path summary status outputs } } }
""",
    "PatchCommit": """
mutation PatchCommit($e: String!, $p: EnvironmentConfig!, $m: String) { environmentPatchCommit(environmentId: $e,
patch: $p, commitMessage: $m) }
""",
    "Stage": """
mutation Stage($e: String!, $p: EnvironmentConfig!, $merge: Boolean) { environmentStageChanges(environmentId: $e,
input: $p, merge: $merge) { id status patch } }
""",
    "CommitStaged": """
mutation CommitStaged($e: String!, $m: String, $skip: Boolean) { environmentPatchCommitStaged( environmentId: $e
commitMessage: $m skipDeploys: $skip ) }
""",
    "StageAndCommit": """
mutation StageAndCommit($e: String!, $p: EnvironmentConfig!, $m: String, $skip: Boolean) { environmentStageChanges(
environmentId: $e, input: $p, merge: false) { id status } environmentPatchCommitStaged(environmentId: $e,
commitMessage: $m, skipDeploys: $skip) }
""",
    "Staged": """
query Staged($e: String!) { environment(id: $e) { id configEtag unmergedChangesCount } environmentStagedChanges(
environmentId: $e) { id status message createdAt updatedAt lastAppliedError patch(decryptVariables: false) } }
""",
    "Instance": """
query Instance($e: String!, $s: String!) { serviceInstance(environmentId: $e, serviceId: $s) { id source { repo image }
latestDeployment { id status createdAt } } }
""",
    "Workflow": """
query Workflow($w: String!) { workflowStatus(workflowId: $w) { status error } }
""",
    "Patches": """
query Patches($e: String!) { environmentPatches(environmentId: $e, first: 20) { edges { node { id status message
appliedAt createdAt lastAppliedError patch } } } }
""",
    "WhoAmI": """
query WhoAmI { apiToken { workspaces { id name } } }
""",
    "Projects": """
query Projects($w: String!) { projects(workspaceId: $w, first: 500) { edges { node { id name workspaceId deletedAt }
} pageInfo { hasNextPage endCursor } } }
""",
    "RL": """
query RL($w: String!) { workspace(workspaceId: $w) { id name apiTokenRateLimit { remainingPoints resetsAt } } }
""",
    "ProjectCreate": """
mutation ProjectCreate($i: ProjectCreateInput!) { projectCreate(input: $i) { id name workspaceId baseEnvironmentId
environments(first: 10) { edges { node { id name } } } } }
""",
    "ProjectUpdate": """
mutation ProjectUpdate($id: String!, $i: ProjectUpdateInput!) { projectUpdate(id: $id, input: $i) { id name } }
""",
    "ProjectDelete": """
mutation ProjectDelete($id: String!) { projectDelete(id: $id) }
""",
    "EnvironmentCreate": """
mutation EnvironmentCreate($i: EnvironmentCreateInput!) { environmentCreate(input: $i) { id name projectId
configEtag } }
""",
    "EnvironmentRename": """
mutation EnvironmentRename($id: String!, $i: EnvironmentRenameInput!) { environmentRename(id: $id, input: $i) { id
name } }
""",
    "EnvironmentDelete": """
mutation EnvironmentDelete($id: String!) { environmentDelete(id: $id) }
""",
    "ServiceCreate": """
mutation ServiceCreate($i: ServiceCreateInput!) { serviceCreate(input: $i) { id name projectId } }
""",
    "ServiceUpdate": """
mutation ServiceUpdate($id: String!, $i: ServiceUpdateInput!) { serviceUpdate(id: $id, input: $i) { id name } }
""",
    "ServiceDelete": """
mutation ServiceDelete($id: String!, $e: String) { serviceDelete(id: $id, environmentId: $e) }
""",
    "ServiceInstanceUpdate": """
mutation ServiceInstanceUpdate($s: String!, $e: String, $i: ServiceInstanceUpdateInput!) {
serviceInstanceUpdate(serviceId: $s, environmentId: $e, input: $i) }
""",
    "ServiceConnect": """
mutation ServiceConnect($id: String!, $i: ServiceConnectInput!) { serviceConnect(id: $id, input: $i) { id name } }
""",
    "CustomDomainCreate": """
mutation CustomDomainCreate($i: CustomDomainCreateInput!) { customDomainCreate(input: $i) { id domain targetPort
serviceId environmentId status { verified verificationDnsHost verificationToken certificateStatus dnsRecords {
purpose recordType zone hostlabel fqdn requiredValue currentValue status } } } }
""",
    "CustomDomainUpdate": """
mutation CustomDomainUpdate($id: String!, $e: String!, $port: Int) { customDomainUpdate(id: $id, environmentId: $e,
targetPort: $port) }
""",
    "CustomDomainDelete": """
mutation CustomDomainDelete($id: String!) { customDomainDelete(id: $id) }
""",
    "ServiceDomainCreate": """
mutation ServiceDomainCreate($i: ServiceDomainCreateInput!) { serviceDomainCreate(input: $i) { id domain suffix
targetPort } }
""",
    "ServiceDomainUpdate": """
mutation ServiceDomainUpdate($i: ServiceDomainUpdateInput!) { serviceDomainUpdate(input: $i) }
""",
    "ServiceDomainDelete": """
mutation ServiceDomainDelete($id: String!) { serviceDomainDelete(id: $id) }
""",
    "TcpProxyCreate": """
mutation TcpProxyCreate($i: TCPProxyCreateInput!) { tcpProxyCreate(input: $i) { id applicationPort proxyPort domain
} }
""",
    "TcpProxyDelete": """
mutation TcpProxyDelete($id: String!) { tcpProxyDelete(id: $id) }
""",
    "VolumeCreate": """
mutation VolumeCreate($i: VolumeCreateInput!) { volumeCreate(input: $i) { id name } }
""",
    "VolumeUpdate": """
mutation VolumeUpdate($v: String!, $i: VolumeUpdateInput!) { volumeUpdate(volumeId: $v, input: $i) { id name } }
""",
    "VolumeInstanceUpdate": """
mutation VolumeInstanceUpdate($v: String!, $e: String, $i: VolumeInstanceUpdateInput!) {
volumeInstanceUpdate(volumeId: $v, environmentId: $e, input: $i) }
""",
    "VolumeDelete": """
mutation VolumeDelete($v: String!) { volumeDelete(volumeId: $v) }
""",
    "BackupSchedule": """
mutation BackupSchedule($vi: String!, $k: [VolumeInstanceBackupScheduleKind!]!) {
volumeInstanceBackupScheduleUpdate(volumeInstanceId: $vi, kinds: $k) }
""",
    "VariablesUpsert": """
mutation VariablesUpsert($i: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $i) }
""",
    "VariableDelete": """
mutation VariableDelete($i: VariableDeleteInput!) { variableDelete(input: $i) }
""",
    "Deploy": """
mutation Deploy($s: String!, $e: String!, $c: String) { serviceInstanceDeployV2(serviceId: $s, environmentId: $e,
commitSha: $c) }
""",
    "TriggerCreate": """
mutation TriggerCreate($i: DeploymentTriggerCreateInput!) { deploymentTriggerCreate(input: $i) { id branch
repository checkSuites } }
""",
    "TriggerUpdate": """
mutation TriggerUpdate($id: String!, $i: DeploymentTriggerUpdateInput!) { deploymentTriggerUpdate(id: $id, input:
$i) { id branch repository checkSuites } }
""",
    "TriggerDelete": """
mutation TriggerDelete($id: String!) { deploymentTriggerDelete(id: $id) }
""",
}
