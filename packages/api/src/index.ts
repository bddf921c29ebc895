export { createDeviceApi, type DeviceApi, type DeviceApiOptions } from "./device-api.js";
export { answerClientError, answerExpectation, deviceServerOptions, httpServerOptions } from "./http-server.js";
export { createManagementApi, type ManagementApi, type ManagementApiOptions } from "./management-api.js";
export type { OperatorParts } from "./operator-parts.js";
