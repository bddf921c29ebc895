export { createDeviceApi, type DeviceApi, type DeviceApiOptions } from "./device-api.js";
export { answerClientError, answerExpectation, deviceServerOptions, managementServerOptions } from "./http-server.js";
export { createManagementApi, type ManagementApi, type ManagementApiOptions } from "./management-api.js";
export type { OperatorParts } from "./operator-parts.js";
export { type Authorize, addServiceRoutes, type ServiceRoutesOptions } from "./service-api.js";
export { type AccessPolicy, type SasAuthorizerOptions, sasAuthorizer } from "./service-authorization.js";
