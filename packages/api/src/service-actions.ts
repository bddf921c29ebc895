import type { Operator, OperatorList } from "@rollcall/engine";
import { enrollmentKinds, limits, REGISTRATION_ITEM_TYPE, type ServiceRoute } from "@rollcall/protocol";
import type { ServiceCall } from "./service-call.js";

/** An answer of the service API; 204 without a body. */
export interface ServiceAnswer {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Action = (operator: Operator, call: ServiceCall) => Promise<ServiceAnswer>;

const getEnrollment: Action = async (operator, { kind, id }) => ({ body: await operator.enrollment(kind, id) });
const putEnrollment: Action = async (operator, { kind, id, body, ifMatch, mustBeAbsent }) => ({
  body: mustBeAbsent()
    ? await operator.createEnrollment(kind, id, body())
    : await operator.putEnrollment(kind, id, body(), ifMatch),
});
const deleteEnrollment: Action = async (operator, { kind, id, ifMatch }) => {
  await operator.deleteEnrollment(kind, id, ifMatch);
  return {};
};
const bulk: Action = async (operator, { kind, body }) => {
  const { isSuccessful, errors } = await operator.bulk(kind, body());
  const idName = enrollmentKinds[kind].id;
  return { body: { isSuccessful, errors: errors.map(({ id, ...error }) => ({ [idName]: id, ...error })) } };
};
const query: Action = async (operator, call) => {
  const list = await operator.query(call.kind, call.body(), call.page);
  return listAnswer(list, call, enrollmentKinds[call.kind].itemType);
};
const mechanism: Action = async (operator, { kind, id }) => ({ body: await operator.attestationMechanism(kind, id) });

/** The action of each route: one call of the operator. */
export const serviceActions: Readonly<Record<ServiceRoute, Action>> = {
  getEnrollment,
  putEnrollment,
  deleteEnrollment,
  bulkEnrollments: bulk,
  queryEnrollments: query,
  getEnrollmentMechanism: mechanism,
  getGroup: getEnrollment,
  putGroup: putEnrollment,
  deleteGroup: deleteEnrollment,
  bulkGroups: bulk,
  queryGroups: query,
  getGroupMechanism: mechanism,
  getRegistration: async (operator, { id }) => ({ body: await operator.registration(id) }),
  deleteRegistration: async (operator, { id, ifMatch }) => {
    await operator.deleteRegistration(id, ifMatch);
    return {};
  },
  queryRegistrations: async (operator, call) =>
    listAnswer(await operator.registrationsOfGroup(call.id, call.page), call, REGISTRATION_ITEM_TYPE),
};

/** The headers of wire.md#service-headers; .NET and Java need the item type. */
function listAnswer({ items, next }: OperatorList<unknown>, { page }: ServiceCall, itemType: string): ServiceAnswer {
  return {
    body: items,
    headers: {
      "x-ms-item-type": itemType,
      "x-ms-max-item-count": String(Math.min(page.limit ?? limits.pageItems.usual, limits.pageItems.max)),
      ...(next !== undefined && { "x-ms-continuation": next }),
    },
  };
}
