/**
 * Reasons to refuse a device before its first request, at the service or at a hub. They do not depend on the transport:
 * each front end with connections maps them to its own codes (`connack.ts` of the broker).
 */
export const refusalReasons = ["identifier", "unavailable", "credentials", "notAuthorized"] as const;
export type RefusalReason = (typeof refusalReasons)[number];
