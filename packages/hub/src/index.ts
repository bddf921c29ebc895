export { createHub } from "./hub.js";
export type * from "./hub-types.js";
export type { ModuleReply, ModuleRequest } from "./hub-types.js";
export type { DeviceStore, HubPorts } from "./ports.js";
export { type TwinDocumentParts, twinDocument, x509Thumbprint } from "./twin-document.js";
