/** An operator with the unmodified Node service SDK: the acts that the job names, on the enrollments that it brings. */
import { promisify } from "node:util";
import provisioning from "azure-iot-provisioning-service";
import { job, runSteps } from "./report.mjs";

const client = provisioning.ProvisioningServiceClient.fromConnectionString(job.connectionString);

/** By callback: bulk operations of the SDK never settle their promise. */
const call = (method, ...args) => promisify(client[method].bind(client))(...args);

/** A refusal as the SDK's caller sees it. */
const refusal = (promise) =>
  promise.then(
    (body) => ({ succeeded: body }),
    ({ name, responseBody, response }) => ({ name, statusCode: response?.statusCode, responseBody }),
  );

/** All pages of a query: the number of entries on each page, and all entries. */
async function pages(query) {
  const sizes = [];
  const items = [];
  while (query.hasMoreResults) {
    const page = await promisify(query.next.bind(query))();
    sizes.push(page.length);
    items.push(...page);
  }
  return { sizes, items };
}

const kinds = {
  individuals: {
    id: "registrationId",
    put: "createOrUpdateIndividualEnrollment",
    get: "getIndividualEnrollment",
    delete: "deleteIndividualEnrollment",
    mechanism: "getIndividualEnrollmentAttestationMechanism",
    query: "createIndividualEnrollmentQuery",
  },
  groups: {
    id: "enrollmentGroupId",
    put: "createOrUpdateEnrollmentGroup",
    get: "getEnrollmentGroup",
    delete: "deleteEnrollmentGroup",
    mechanism: "getEnrollmentGroupAttestationMechanism",
    query: "createEnrollmentGroupQuery",
  },
};

/** Creates, reads, changes with the etag, is refused with the old one, and reads the keys. */
async function life(kind, enrollment) {
  const id = enrollment[kind.id];
  const created = await call(kind.put, enrollment);
  const read = await call(kind.get, id);
  const changed = { ...read, initialTwin: { tags: { changed: "yes" }, properties: { desired: { interval: 7 } } } };
  const updated = await call(kind.put, changed);
  const overtaken = await refusal(call(kind.put, changed));
  const { etag: _, ...withoutEtag } = read;
  const createdAgain = await refusal(call(kind.put, withoutEtag));
  const unchanged = await call(kind.get, id);
  const notDeleted = await refusal(call(kind.delete, id, read.etag));
  const mechanism = await call(kind.mechanism, id);
  return { created, read, updated, overtaken, createdAgain, unchanged, notDeleted, mechanism };
}

const acts = {
  async create({ individuals, groups }) {
    const lives = {};
    for (const enrollment of individuals) lives[enrollment.registrationId] = await life(kinds.individuals, enrollment);
    for (const group of groups) lives[group.enrollmentGroupId] = await life(kinds.groups, group);
    return lives;
  },
  async bulk({ enrollments }) {
    const run = (mode, list) => call("runBulkEnrollmentOperation", { mode, enrollments: list });
    const created = await run("create", enrollments);
    const createdAgain = await run("create", enrollments);
    const found = await Promise.all(
      enrollments.map(({ registrationId }) => call("getIndividualEnrollment", registrationId)),
    );
    const updated = await run(
      "updateIfMatchEtag",
      found.map((each) => ({ ...each, provisioningStatus: "disabled" })),
    );
    const overtaken = await run("updateIfMatchEtag", found);
    const query = { query: "SELECT * FROM enrollments WHERE provisioningStatus = 'disabled'" };
    const listed = await pages(client.createIndividualEnrollmentQuery(query, 4));
    const deleted = await run("delete", enrollments);
    return { created, createdAgain, updated, overtaken, listed, deleted };
  },
  async query() {
    return {
      individuals: await pages(client.createIndividualEnrollmentQuery({ query: "SELECT * FROM enrollments" }, 2)),
      groups: await pages(client.createEnrollmentGroupQuery({ query: "*" })),
      unreadable: await pages(client.createIndividualEnrollmentQuery({ query: "SELECT name" })),
    };
  },
  async registrations({ registrationIds, enrollmentGroupId, forget }) {
    const states = await Promise.all(registrationIds.map((id) => call("getDeviceRegistrationState", id)));
    const listed = await pages(
      client.createEnrollmentGroupDeviceRegistrationStateQuery({ query: "*" }, enrollmentGroupId, 1),
    );
    await call(
      "deleteDeviceRegistrationState",
      states.find((each) => each.registrationId === forget),
    );
    const forgotten = await refusal(call("getDeviceRegistrationState", forget));
    return { states, listed, forgotten };
  },
  async delete({ registrationIds, enrollmentGroupIds }) {
    for (const id of registrationIds)
      await call("deleteIndividualEnrollment", await call("getIndividualEnrollment", id));
    for (const id of enrollmentGroupIds) await call("deleteEnrollmentGroup", id);
    return {
      individual: await refusal(call("getIndividualEnrollment", registrationIds[0])),
      group: await refusal(call("deleteEnrollmentGroup", enrollmentGroupIds[0])),
    };
  },
};

await runSteps({ [job.act]: () => acts[job.act](job) });
