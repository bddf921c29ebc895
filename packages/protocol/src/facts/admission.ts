/**
 * Why a device is turned away before it has asked anything, at the service or at a hub. The words name no transport: a front end
 * that knows connections has one table from these words to what its transport says (`connack.ts` of the broker).
 */
export const refusalReasons = ["identifier", "unavailable", "credentials", "notAuthorized"] as const;
export type RefusalReason = (typeof refusalReasons)[number];
