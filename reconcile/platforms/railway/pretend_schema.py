"""Railway's GraphQL schema, as far as the sandbox plays it: names, nullability and enum values of August 2026.

Facts of the published schema in a form of our own: lists of pages are made from a table, defaults of arguments are
left to the resolvers. A test holds every line against the published schema, where that is at hand.
"""

_CONNECTIONS = {
    "EnvironmentDeploymentTriggersConnection": "DeploymentTrigger",
    "EnvironmentServiceInstancesConnection": "ServiceInstance",
    "EnvironmentVariablesConnection": "Variable",
    "EnvironmentVolumeInstancesConnection": "VolumeInstance",
    "ProjectBucketsConnection": "Bucket",
    "ProjectEnvironmentsConnection": "Environment",
    "ProjectServicesConnection": "Service",
    "ProjectVolumesConnection": "Volume",
    "QueryDeploymentTriggersConnection": "DeploymentTrigger",
    "QueryDeploymentsConnection": "Deployment",
    "QueryEnvironmentPatchesConnection": "EnvironmentPatch",
    "QueryEnvironmentsConnection": "Environment",
    "QueryProjectTokensConnection": "ProjectToken",
    "QueryProjectsConnection": "Project",
    "QuerySshPublicKeysConnection": "SshPublicKey",
}
_SCALARS = (
    "DateTime",
    "DeploymentDiagnosis",
    "DeploymentMeta",
    "EnvironmentConfig",
    "EnvironmentVariables",
    "JSON",
    "RailpackInfo",
    "ServiceInstanceLimit",
    "SkippedResourceIds",
    "SubscriptionPlanLimit",
)
_PAGED = "after: String, before: String, first: Int, last: Int"
_TYPES = """
type Query {
  apiToken: ApiTokenContext!
  customDomain(id: String!, projectId: String!): CustomDomain!
  customDomainAvailable(domain: String!): DomainAvailable!
  deployment(id: String!): Deployment!
  deploymentTriggers(after: String, before: String, environmentId: String!, first: Int, last: Int, projectId: String!,
    serviceId: String!): QueryDeploymentTriggersConnection!
  deployments(after: String, before: String, first: Int, input: DeploymentListInput!, last: Int):
    QueryDeploymentsConnection!
  domains(environmentId: String!, projectId: String!, serviceId: String!): AllDomains!
  environment(id: String!, projectId: String): Environment!
  environmentChangeSetApply(environmentId: String!, id: String!): ChangeSetApplyResult!
  environmentPatches(after: String, before: String, environmentId: String!, first: Int, last: Int):
    QueryEnvironmentPatchesConnection!
  environmentStagedChanges(environmentId: String!): EnvironmentPatch!
  environments(after: String, before: String, first: Int, isEphemeral: Boolean, last: Int, projectId: String!):
    QueryEnvironmentsConnection!
  project(id: String!): Project!
  projectToken: ProjectToken!
  projectTokens(after: String, before: String, first: Int, last: Int, projectId: String!):
    QueryProjectTokensConnection!
  projects(after: String, before: String, first: Int, includeDeleted: Boolean, last: Int, orderBy: ProjectsOrderBy,
    userId: String, workspaceId: String): QueryProjectsConnection!
  service(id: String!): Service!
  serviceInstance(environmentId: String!, serviceId: String!): ServiceInstance!
  serviceInstanceLimitOverride(environmentId: String!, serviceId: String!): ServiceInstanceLimit
  serviceInstanceLimits(environmentId: String!, serviceId: String!): ServiceInstanceLimit!
  sshPublicKeys(PAGED, workspaceId: String): QuerySshPublicKeysConnection!
  tcpProxies(environmentId: String!, serviceId: String!): [TCPProxy!]!
  variables(environmentId: String!, projectId: String!, serviceId: String, unrendered: Boolean): EnvironmentVariables!
  volumeInstance(id: String!): VolumeInstance!
  volumeInstanceBackupScheduleList(volumeInstanceId: String!): [VolumeInstanceBackupSchedule!]!
  workflowStatus(workflowId: String!): WorkflowResult!
  workspace(workspaceId: String!): Workspace!
}
type Mutation {
  customDomainCreate(input: CustomDomainCreateInput!): CustomDomain!
  customDomainDelete(id: String!): Boolean!
  customDomainUpdate(environmentId: String!, id: String!, targetPort: Int): Boolean!
  deploymentRedeploy(id: String!, usePreviousImageTag: Boolean): Deployment!
  deploymentRestart(id: String!): Boolean!
  deploymentRollback(id: String!): Boolean!
  deploymentTriggerCreate(input: DeploymentTriggerCreateInput!): DeploymentTrigger!
  deploymentTriggerDelete(id: String!): Boolean!
  deploymentTriggerUpdate(id: String!, input: DeploymentTriggerUpdateInput!): DeploymentTrigger!
  environmentApplyChangeSet(baseConfigEtag: String, commitMessage: String, environmentId: String!, input: JSON!,
    waitForCompletion: Boolean): ChangeSetApplyResult!
  environmentCreate(input: EnvironmentCreateInput!): Environment!
  environmentDelete(id: String!): Boolean!
  environmentPatchCommit(commitMessage: String, environmentId: String!, patch: EnvironmentConfig): String!
  environmentPatchCommitStaged(commitMessage: String, environmentId: String!, skipDeploys: Boolean): String!
  environmentPreviewChangeSet(environmentId: String!, input: JSON!): ChangeSetPreview!
  environmentRename(id: String!, input: EnvironmentRenameInput!): Environment!
  environmentStageChanges(environmentId: String!, input: EnvironmentConfig!, merge: Boolean): EnvironmentPatch!
  projectCreate(input: ProjectCreateInput!): Project!
  projectDelete(id: String!): Boolean!
  projectTokenCreate(input: ProjectTokenCreateInput!): String!
  projectTokenDelete(id: String!): Boolean!
  projectUpdate(id: String!, input: ProjectUpdateInput!): Project!
  serviceConnect(id: String!, input: ServiceConnectInput!): Service!
  serviceCreate(input: ServiceCreateInput!): Service!
  serviceDelete(environmentId: String, id: String!): Boolean!
  serviceDisconnect(id: String!): Service!
  serviceDomainCreate(input: ServiceDomainCreateInput!): ServiceDomain!
  serviceDomainDelete(id: String!): Boolean!
  serviceDomainUpdate(input: ServiceDomainUpdateInput!): Boolean!
  serviceInstanceDeployV2(commitSha: String, environmentId: String!, serviceId: String!): String!
  serviceInstanceLimitsUpdate(input: ServiceInstanceLimitsUpdateInput!): Boolean!
  serviceInstanceUpdate(environmentId: String, input: ServiceInstanceUpdateInput!, serviceId: String!): Boolean!
  serviceUpdate(id: String!, input: ServiceUpdateInput!): Service!
  sshPublicKeyCreate(input: SshPublicKeyCreateInput!): SshPublicKey!
  sshPublicKeyDelete(id: String!): Boolean!
  tcpProxyCreate(input: TCPProxyCreateInput!): TCPProxy!
  tcpProxyDelete(id: String!): Boolean!
  variableCollectionUpsert(input: VariableCollectionUpsertInput!): Boolean!
  variableDelete(input: VariableDeleteInput!): Boolean!
  variableUpsert(input: VariableUpsertInput!): Boolean!
  volumeCreate(input: VolumeCreateInput!): Volume!
  volumeDelete(volumeId: String!): Boolean!
  volumeInstanceBackupScheduleUpdate(kinds: [VolumeInstanceBackupScheduleKind!]!, volumeInstanceId: String!): Boolean!
  volumeInstanceUpdate(environmentId: String, input: VolumeInstanceUpdateInput!, volumeId: String!): Boolean!
  volumeUpdate(input: VolumeUpdateInput!, volumeId: String!): Volume!
}
type AllDomains { customDomains: [CustomDomain!]!, serviceDomains: [ServiceDomain!]! }
type ApiTokenContext { workspaces: [ApiTokenWorkspace!]! }
type ApiTokenRateLimit { remainingPoints: Int!, resetsAt: String! }
type ApiTokenWorkspace { id: String!, name: String! }
type AppliedByMember { avatar: String, email: String!, id: String!, name: String, username: String }
type Bucket { id: ID!, name: String! }
enum Builder { HEROKU NIXPACKS PAKETO RAILPACK }
enum CertificateErrorType {
  CERTIFICATE_ERROR_TYPE_AUTHORIZATION_FAILED CERTIFICATE_ERROR_TYPE_DNS_VALIDATION CERTIFICATE_ERROR_TYPE_INTERNAL
  CERTIFICATE_ERROR_TYPE_KEY_GENERATION CERTIFICATE_ERROR_TYPE_ORDER_CREATION CERTIFICATE_ERROR_TYPE_RATE_LIMIT
  CERTIFICATE_ERROR_TYPE_UNSPECIFIED UNRECOGNIZED
}
type CertificatePublicData { expiresAt: DateTime, issuedAt: DateTime }
enum CertificateStatus {
  CERTIFICATE_STATUS_TYPE_ISSUE_FAILED CERTIFICATE_STATUS_TYPE_ISSUING CERTIFICATE_STATUS_TYPE_UNSPECIFIED
  CERTIFICATE_STATUS_TYPE_VALID CERTIFICATE_STATUS_TYPE_VALIDATING_OWNERSHIP UNRECOGNIZED
}
type ChangeOperationResult { kind: String!, outputs: JSON, path: String, status: String!, summary: String }
type ChangeSetApplyResult {
  changes: [ChangeOperationResult!]!, deploymentId: String, diagnostics: JSON!, id: String!, stagedPatchId: String,
  status: String!
}
type ChangeSetPreview { changeSet: JSON!, diagnostics: JSON!, effects: JSON! }
type CnameCheck { link: String, message: String! }
type CustomDomain {
  cdnMode: String, cnameCheck: CnameCheck!, createdAt: DateTime, deletedAt: DateTime, domain: String!,
  edgeId: String, environmentId: String!, id: ID!, projectId: String, serviceId: String!,
  status: CustomDomainStatus!, syncStatus: CustomDomainSyncStatus!, targetPort: Int, updatedAt: DateTime
}
input CustomDomainCreateInput {
  domain: String!, environmentId: String!, projectId: String!, serviceId: String!, targetPort: Int
}
type CustomDomainStatus {
  certificateErrorMessage: String, certificateErrorType: CertificateErrorType, certificateRetryable: Boolean,
  certificateStatus: CertificateStatus!, certificates: [CertificatePublicData!], dnsRecords: [DNSRecords!]!,
  verificationDnsHost: String, verificationToken: String, verified: Boolean!
}
enum CustomDomainSyncStatus { ACTIVE CREATING DELETED DELETING UNSPECIFIED UPDATING }
enum DNSRecordPurpose {
  DNS_RECORD_PURPOSE_ACME_DNS01_CHALLENGE DNS_RECORD_PURPOSE_TRAFFIC_ROUTE DNS_RECORD_PURPOSE_UNSPECIFIED
  UNRECOGNIZED
}
enum DNSRecordStatus {
  DNS_RECORD_STATUS_PROPAGATED DNS_RECORD_STATUS_REQUIRES_UPDATE DNS_RECORD_STATUS_UNSPECIFIED UNRECOGNIZED
}
enum DNSRecordType {
  DNS_RECORD_TYPE_A DNS_RECORD_TYPE_CNAME DNS_RECORD_TYPE_NS DNS_RECORD_TYPE_TXT DNS_RECORD_TYPE_UNSPECIFIED
  UNRECOGNIZED
}
type DNSRecords {
  currentValue: String!, fqdn: String!, hostlabel: String!, purpose: DNSRecordPurpose!, recordType: DNSRecordType!,
  requiredValue: String!, status: DNSRecordStatus!, zone: String!
}
type Deployment {
  canRedeploy: Boolean!, canRollback: Boolean!, createdAt: DateTime!, creator: DeploymentCreator,
  deploymentStopped: Boolean!, diagnosis: DeploymentDiagnosis, environment: Environment!, environmentId: String!,
  id: ID!, instances: [DeploymentDeploymentInstance!]!, meta: DeploymentMeta, projectId: String!, service: Service!,
  serviceId: String, snapshotId: String, sockets: [DeploymentSocket!]!, staticUrl: String,
  status: DeploymentStatus!, statusUpdatedAt: DateTime, suggestAddServiceDomain: Boolean!, updatedAt: DateTime!,
  url: String
}
type DeploymentCreator { avatar: String, email: String!, id: String!, name: String }
type DeploymentDeploymentInstance { id: String! }
input DeploymentListInput {
  environmentId: String, includeDeleted: Boolean, projectId: String, serviceId: String,
  status: DeploymentStatusInput
}
type DeploymentSocket { ipv6: Boolean!, port: Int!, processName: String!, updatedAt: Int! }
enum DeploymentStatus {
  BUILDING CRASHED DEPLOYING FAILED INITIALIZING NEEDS_APPROVAL QUEUED REMOVED REMOVING SKIPPED SLEEPING SUCCESS
  WAITING
}
input DeploymentStatusInput { in: [DeploymentStatus!], notIn: [DeploymentStatus!] }
type DeploymentTrigger {
  baseEnvironmentOverrideId: String, branch: String!, checkSuites: Boolean!, environmentId: String!, id: ID!,
  projectId: String!, provider: String!, repository: String!, serviceId: String, validCheckSuites: Int!
}
input DeploymentTriggerCreateInput {
  branch: String!, checkSuites: Boolean, environmentId: String!, projectId: String!, provider: String!,
  repository: String!, rootDirectory: String, serviceId: String!
}
input DeploymentTriggerUpdateInput { branch: String, checkSuites: Boolean, repository: String, rootDirectory: String }
type DomainAvailable { available: Boolean!, message: String! }
type Environment {
  canAccess: Boolean!, config(decryptVariables: Boolean): EnvironmentConfig!, configEtag: String!,
  createdAt: DateTime!, deletedAt: DateTime, deploymentTriggers(PAGED): EnvironmentDeploymentTriggersConnection!,
  id: ID!, isEphemeral: Boolean!, meta: EnvironmentMeta, name: String!, projectId: String!,
  serviceInstances(PAGED): EnvironmentServiceInstancesConnection!, unmergedChangesCount: Int, updatedAt: DateTime!,
  variables(PAGED): EnvironmentVariablesConnection!, volumeInstances(PAGED): EnvironmentVolumeInstancesConnection!
}
input EnvironmentCreateInput {
  applyChangesInBackground: Boolean, ephemeral: Boolean, name: String!, projectId: String!,
  skipInitialDeploys: Boolean, sourceEnvironmentId: String, stageInitialChanges: Boolean
}
type EnvironmentMeta {
  baseBranch: String, branch: String, latestSuccessfulGitHubDeploymentId: Int, prCommentId: Int, prNumber: Int,
  prRepo: String, prTitle: String, skippedResourceIds: SkippedResourceIds
}
type EnvironmentPatch {
  appliedAt: DateTime, appliedBy: AppliedByMember, createdAt: DateTime!, environment: Environment!,
  environmentId: String!, id: ID!, lastAppliedError: String, message: String,
  patch(decryptVariables: Boolean): EnvironmentConfig!, status: EnvironmentPatchStatus!, updatedAt: DateTime!
}
enum EnvironmentPatchStatus { APPLYING COMMITTED STAGED }
input EnvironmentRenameInput { name: String! }
type PageInfo { endCursor: String, hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String }
type Project {
  baseEnvironment: Environment, baseEnvironmentId: String, botPrEnvironments: Boolean!,
  buckets(PAGED): ProjectBucketsConnection!, createdAt: DateTime!, deletedAt: DateTime, description: String,
  environments(after: String, before: String, first: Int, isEphemeral: Boolean, last: Int, sort: SortOrder):
    ProjectEnvironmentsConnection!,
  expiredAt: DateTime, focusedPrEnvironments: Boolean!, id: ID!, isPublic: Boolean!, isTempProject: Boolean!,
  members: [ProjectMember!]!, name: String!, prDeploys: Boolean!, services(PAGED): ProjectServicesConnection!,
  subscriptionPlanLimit: SubscriptionPlanLimit!, team: Team, teamId: String, updatedAt: DateTime!,
  volumes(PAGED): ProjectVolumesConnection!, workspace: Workspace, workspaceId: String
}
input ProjectCreateInput {
  defaultEnvironmentName: String, description: String, isMonorepo: Boolean, isPublic: Boolean, name: String,
  prDeploys: Boolean, repo: ProjectCreateRepo, runtime: PublicRuntime, workspaceId: String
}
input ProjectCreateRepo { branch: String!, fullRepoName: String! }
type ProjectMember { avatar: String, email: String!, id: String!, name: String }
type ProjectToken {
  createdAt: DateTime!, displayToken: String!, environment: Environment!, environmentId: String!, id: ID!,
  name: String!, project: Project!, projectId: String!
}
input ProjectTokenCreateInput { environmentId: String!, name: String!, projectId: String! }
input ProjectUpdateInput {
  baseEnvironmentId: String, botPrEnvironments: Boolean, description: String, focusedPrEnvironments: Boolean,
  isPublic: Boolean, name: String, prDeploys: Boolean
}
enum ProjectsOrderBy { CREATED_AT_DESC NAME_ASC UPDATED_AT_DESC }
enum PublicRuntime { LEGACY UNSPECIFIED V2 }
input RegistryCredentialsInput { password: String!, username: String! }
enum RestartPolicyType { ALWAYS NEVER ON_FAILURE }
type Service {
  createdAt: DateTime!, deletedAt: DateTime, hasHiddenRegistryCredentialsFromTemplate: Boolean!, icon: String,
  id: ID!, name: String!, project: Project!, projectId: String!, templateId: String, templateServiceId: String,
  templateThreadSlug: String, updatedAt: DateTime!
}
input ServiceConnectInput { branch: String, image: String, repo: String }
input ServiceCreateInput {
  branch: String, environmentId: String, icon: String, name: String, projectId: String!,
  registryCredentials: RegistryCredentialsInput, source: ServiceSourceInput, templateId: String,
  templateServiceId: String, variables: EnvironmentVariables
}
type ServiceDomain {
  cdnMode: String, createdAt: DateTime, deletedAt: DateTime, domain: String!, edgeId: String,
  environmentId: String!, id: ID!, newDomainName: String, newHostLabel: String, projectId: String,
  serviceId: String!, suffix: String, syncStatus: ServiceDomainSyncStatus!, targetPort: Int, updatedAt: DateTime
}
input ServiceDomainCreateInput { environmentId: String!, serviceId: String!, targetPort: Int }
enum ServiceDomainSyncStatus { ACTIVE CREATING DELETED DELETING UNSPECIFIED UPDATING }
input ServiceDomainUpdateInput {
  domain: String!, environmentId: String!, serviceDomainId: String!, serviceId: String!, targetPort: Int
}
type ServiceInstance {
  activeDeployments: [Deployment!]!, buildCommand: String, builder: Builder!, createdAt: DateTime!,
  cronSchedule: String, deletedAt: DateTime, dockerfilePath: String, domains: AllDomains!, drainingSeconds: Int,
  environmentId: String!, healthcheckPath: String, healthcheckTimeout: Int, id: ID!, ipv6EgressEnabled: Boolean,
  isUpdatable: Boolean!, latestDeployment: Deployment, nextCronRunAt: DateTime, nixpacksPlan: JSON,
  numReplicas: Int, overlapSeconds: Int, preDeployCommand: JSON, railpackInfo: RailpackInfo,
  railwayConfigFile: String, region: String, restartPolicyMaxRetries: Int!, restartPolicyType: RestartPolicyType!,
  rootDirectory: String, service: Service!, serviceId: String!, serviceName: String!, sleepApplication: Boolean,
  source: ServiceSource, startCommand: String, updatedAt: DateTime!, upstreamUrl: String, watchPatterns: [String!]!
}
input ServiceInstanceLimitsUpdateInput { environmentId: String!, memoryGB: Float, serviceId: String!, vCPUs: Float }
input ServiceInstanceUpdateInput {
  buildCommand: String, builder: Builder, cronSchedule: String, dockerfilePath: String, drainingSeconds: Int,
  healthcheckPath: String, healthcheckTimeout: Int, ipv6EgressEnabled: Boolean, multiRegionConfig: JSON,
  nixpacksPlan: JSON, numReplicas: Int, overlapSeconds: Int, preDeployCommand: [String!], railwayConfigFile: String,
  region: String, registryCredentials: RegistryCredentialsInput, restartPolicyMaxRetries: Int,
  restartPolicyType: RestartPolicyType, rootDirectory: String, sleepApplication: Boolean,
  source: ServiceSourceInput, startCommand: String, watchPatterns: [String!]
}
type ServiceSource { image: String, repo: String }
input ServiceSourceInput { image: String, repo: String }
input ServiceUpdateInput { icon: String, name: String }
enum SortOrder { asc desc }
type TCPProxy {
  applicationPort: Int!, createdAt: DateTime, deletedAt: DateTime, domain: String!, environmentId: String!, id: ID!,
  proxyPort: Int!, serviceId: String!, syncStatus: TCPProxySyncStatus!, updatedAt: DateTime
}
input TCPProxyCreateInput { applicationPort: Int!, environmentId: String!, serviceId: String! }
enum TCPProxySyncStatus { ACTIVE CREATING DELETED DELETING UNSPECIFIED UPDATING }
type Team {
  adoptionLevel: Float!, avatar: String, createdAt: DateTime!, id: ID!, name: String!, preferredRegion: String,
  slackChannelId: String, updatedAt: DateTime!
}
type Variable {
  createdAt: DateTime!, environmentId: String, id: ID!, isSealed: Boolean!, name: String!, references: [String!]!,
  serviceId: String, updatedAt: DateTime!
}
input VariableCollectionUpsertInput {
  environmentId: String!, projectId: String!, replace: Boolean, serviceId: String, skipDeploys: Boolean,
  variables: EnvironmentVariables!
}
input VariableDeleteInput { environmentId: String!, name: String!, projectId: String!, serviceId: String }
input VariableUpsertInput {
  environmentId: String!, name: String!, projectId: String!, serviceId: String, skipDeploys: Boolean, value: String!
}
type Volume { createdAt: DateTime!, id: ID!, name: String!, project: Project!, projectId: String! }
input VolumeCreateInput {
  environmentId: String, mountPath: String!, projectId: String!, region: String, serviceId: String
}
type VolumeInstance {
  createdAt: DateTime!, currentSizeMB: Float!, deletedAt: DateTime, environment: Environment!,
  environmentId: String!, externalId: String, id: ID!, isPendingDeletion: Boolean!, mountPath: String!,
  region: String, service: Service!, serviceId: String, sizeMB: Int!, state: VolumeState, volume: Volume!,
  volumeId: String!
}
type VolumeInstanceBackupSchedule {
  createdAt: DateTime!, cron: String!, id: ID!, kind: VolumeInstanceBackupScheduleKind!, name: String!,
  retentionSeconds: Int
}
enum VolumeInstanceBackupScheduleKind { DAILY MONTHLY WEEKLY }
input VolumeInstanceUpdateInput { mountPath: String, serviceId: String, state: VolumeState }
enum VolumeState { DELETED DELETING ERROR MIGRATING MIGRATION_PENDING READY RESTORING UPDATING }
input VolumeUpdateInput { name: String }
type SshPublicKey {
  createdAt: DateTime!, fingerprint: String!, id: ID!, name: String!, publicKey: String!, updatedAt: DateTime!,
  userId: String, workspaceId: String
}
input SshPublicKeyCreateInput { name: String!, publicKey: String!, workspaceId: String }
type WorkflowResult { error: String, status: WorkflowStatus! }
enum WorkflowStatus { Complete Error NotFound Running }
type Workspace {
  adoptionLevel: Float!, allowDeprecatedRegions: Boolean, apiTokenRateLimit: ApiTokenRateLimit, avatar: String,
  banReason: String, createdAt: DateTime!, discordRole: String, has2FAEnforcement: Boolean!,
  hasGuardrailsAccess: Boolean!, hasSAML: Boolean!, id: ID!, name: String!, preferredRegion: String,
  redactedDueTo2FAPending: Boolean!, slackChannelId: String, subscriptionPlanLimit: SubscriptionPlanLimit,
  updatedAt: DateTime!, usersWithout2FA: [String!]!
}
"""


def sdl() -> str:
    """The whole schema as SDL."""
    scalars = [f"scalar {name}" for name in _SCALARS]
    connections = [
        f"type {name} {{ edges: [{name}Edge!]! pageInfo: PageInfo! }}\n"
        f"type {name}Edge {{ cursor: String! node: {node}! }}"
        for name, node in _CONNECTIONS.items()
    ]
    return "\n".join([*scalars, *connections, _TYPES.replace("PAGED", _PAGED)])
