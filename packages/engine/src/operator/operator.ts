import type { EnrollmentKind } from "@rollcall/protocol";
import { runBulk } from "./bulk.js";
import { groups, individuals } from "./collections.js";
import { createContinuations } from "./continuation.js";
import { enrollmentOperations } from "./enrollment-operations.js";
import { IgnoredQueries } from "./ignored-queries.js";
import type { OperatorContext } from "./operator-context.js";
import type { Operator } from "./operator-types.js";
import { listEnrollments, runQuery } from "./query.js";
import { deleteRegistration, getRegistration, registrationsOfGroup } from "./registration-operations.js";

/** Makes the service's management of enrollments and registrations; without sockets and HTTP. */
export function createOperator(context: OperatorContext): Operator {
  const continuations = createContinuations(context.clusterSecret);
  const ignored = new IgnoredQueries(context);
  const parts = { context, continuations, ignored };
  const operations = {
    individual: enrollmentOperations(individuals, context),
    group: enrollmentOperations(groups, context),
  } as const satisfies Record<EnrollmentKind, unknown>;
  return {
    counts: () => context.store.counts(),
    enrollment: (kind, id) => operations[kind].get(id),
    createEnrollment: (kind, id, body) => operations[kind].put(id, body, { wanted: "absent" }),
    putEnrollment: (kind, id, body, ifMatch) =>
      operations[kind].put(id, body, { ifMatch, wanted: ifMatch === undefined ? "new" : "either" }),
    deleteEnrollment: (kind, id, ifMatch) => operations[kind].remove(id, ifMatch),
    bulk: (kind, body) => runBulk(kind, body, operations[kind]),
    query: (kind, body, page) =>
      kind === "individual" ? runQuery(individuals, { body, page }, parts) : runQuery(groups, { body, page }, parts),
    list: (kind, filter, page) =>
      kind === "individual"
        ? listEnrollments(individuals, { ...filter, page }, parts)
        : listEnrollments(groups, { ...filter, page }, parts),
    ignoredQueries: () => ignored.all,
    attestationMechanism: (kind, id) => operations[kind].mechanism(id),
    registration: (id) => getRegistration(id, context),
    deleteRegistration: (id, ifMatch) => deleteRegistration(id, ifMatch, context),
    registrationsOfGroup: (id, page) => registrationsOfGroup(id, page, parts),
  };
}
