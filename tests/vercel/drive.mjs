// Drives a pretend Vercel with the vendor's own client, and tells what it read, a line of JSON for each step.
// Arguments: the client's file, the address, the token, the team.
import { pathToFileURL } from "node:url";

const [file, serverURL, bearerToken, teamId] = process.argv.slice(2);
const { Vercel } = await import(pathToFileURL(file).href);
const vercel = new Vercel({ bearerToken, serverURL });

async function step(name, work) {
  let told;
  try {
    told = { name, value: (await work()) ?? null };
  } catch (error) {
    told = { name, error: error.name, status: error.statusCode ?? 0, body: error.body ?? String(error.message) };
  }
  console.log(JSON.stringify(told));
  return told.value;
}

const team = { teamId };
await step("who am i", () => vercel.user.getAuthUser());
await step("team", () => vercel.teams.getTeam({ teamId }));
await step("no projects", () => vercel.projects.getProjects({ ...team, limit: "100" }));
const project = await step("create project", () =>
  vercel.projects.createProject({
    ...team,
    requestBody: { name: "web", framework: "nextjs", gitRepository: { type: "github", repo: "example/web" } },
  }),
);
const here = { idOrName: project.id, ...team };
await step("the same name again", () => vercel.projects.createProject({ ...team, requestBody: { name: "web" } }));
await step("update project", () =>
  vercel.projects.updateProject({
    ...here,
    requestBody: { nodeVersion: "24.x", autoAssignCustomDomains: false, buildCommand: null, ssoProtection: null },
  }),
);
await step("get project", () => vercel.projects.getProject({ ...here, idOrName: "web" }));
for (let number = 0; number < 4; number += 1) {
  await step(`project ${number}`, () => vercel.projects.createProject({ ...team, requestBody: { name: `p${number}` } }));
}
const page = await step("a page of projects", () => vercel.projects.getProjects({ ...team, limit: "3" }));
await step("the next page", () => vercel.projects.getProjects({ ...team, limit: "3", from: page.pagination.next }));

const production = { target: ["production"], comment: "ours" };
const sent = await step("upsert variables", () =>
  vercel.projects.createProjectEnv({
    ...here,
    upsert: "true",
    requestBody: [
      { key: "PLAIN", value: "1", type: "plain", ...production },
      { key: "ENCRYPTED", value: "2", type: "encrypted", ...production },
      { key: "SENSITIVE", value: "3", type: "sensitive", ...production },
      { key: "WRONG", value: "4", type: "sensitive", target: ["development"] },
    ],
  }),
);
await step("upsert again", () =>
  vercel.projects.createProjectEnv({
    ...here,
    upsert: "true",
    requestBody: [{ key: "PLAIN", value: "9", type: "plain", target: ["production"] }],
  }),
);
await step("a conflict", () =>
  vercel.projects.createProjectEnv({ ...here, requestBody: { key: "PLAIN", value: "5", type: "plain", target: ["production"] } }),
);
await step("variables", () => vercel.projects.filterProjectEnvs({ ...here, decrypt: "true" }));
const [plain, encrypted, sensitive] = sent.created.map((one) => one.id);
await step("edit variable", () =>
  vercel.projects.editProjectEnv({ ...here, id: plain, requestBody: { key: "RENAMED", target: ["preview"], gitBranch: "next" } }),
);
await step("get variable", () => vercel.projects.getProjectEnv({ ...here, id: encrypted }));
await step("remove variable", () => vercel.projects.removeProjectEnv({ ...here, id: plain }));
await step("remove variables", () => vercel.projects.batchRemoveProjectEnv({ ...here, requestBody: { ids: [encrypted, sensitive] } }));

await step("add domain", () => vercel.projects.addProjectDomain({ ...here, requestBody: { name: "web.example" } }));
await step("add redirect", () =>
  vercel.projects.addProjectDomain({
    ...here,
    requestBody: { name: "www.web.example", redirect: "web.example", redirectStatusCode: 308 },
  }),
);
await step("update domain", () =>
  vercel.projects.updateProjectDomain({ ...here, domain: "web.example", requestBody: { gitBranch: "next" } }),
);
await step("get domain", () => vercel.projects.getProjectDomain({ ...here, domain: "web.example" }));
await step("domains", () => vercel.projects.getProjectDomains({ ...here, limit: 100 }));
await step("domain config", () => vercel.domains.getDomainConfig({ domain: "web.example", projectIdOrName: project.id, ...team }));
await step("remove domain", () => vercel.projects.removeProjectDomain({ ...here, domain: "web.example" }));

const checks = { projectIdOrName: project.id, ...team };
const check = await step("create check", () =>
  vercel.checksV2.createProjectCheck({
    ...checks,
    requestBody: {
      name: "ci",
      requires: "none",
      blocks: "deployment-alias",
      targets: ["production"],
      source: { kind: "git-provider", provider: "github", externalCheckName: "ci" },
    },
  }),
);
await step("update check", () =>
  vercel.checksV2.updateProjectCheck({ ...checks, checkId: check.id, requestBody: { timeout: 60 } }),
);
await step("get check", () => vercel.checksV2.getProjectCheck({ ...checks, checkId: check.id }));
await step("checks", () => vercel.checksV2.listProjectChecks(checks));
await step("delete check", () => vercel.checksV2.deleteProjectCheck({ ...checks, checkId: check.id }));

const hook = await step("create webhook", () =>
  vercel.webhooks.createWebhook({
    ...team,
    requestBody: { url: "https://hooks.example.com/a", events: ["deployment.error"], projectIds: [project.id] },
  }),
);
await step("webhooks", () => vercel.webhooks.getWebhooks(team));
await step("get webhook", () => vercel.webhooks.getWebhook({ id: hook.id, ...team }));
await step("delete webhook", () => vercel.webhooks.deleteWebhook({ id: hook.id, ...team }));

await step("no such project", () => vercel.projects.getProject({ ...here, idOrName: "nobody" }));
await step("another team", () => vercel.projects.getProjects({ teamId: "team_other" }));
await step("no team", () => vercel.projects.getProjects({}));
const nobody = new Vercel({ bearerToken: "nobody", serverURL });
await step("a dead token", () => nobody.projects.getProjects(team));
await step("delete project", () => vercel.projects.deleteProject(here));
