/**
 * The loopback address that the dashboard of a service is served on: that of its device listeners, where this is an IPv4 loopback
 * address, so that several services have the same port; else 127.0.0.1. It is never an address that others reach.
 */
export function dashboardHost(host: string): string {
  return isLoopbackAddress(host) ? host : "127.0.0.1";
}

/** True for an address of 127.0.0.0/8, as it is written with four numbers. */
export function isLoopbackAddress(text: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(text);
}
