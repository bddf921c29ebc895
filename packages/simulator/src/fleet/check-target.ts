import { BlockList, isIP } from "node:net";

/** A target that this tool does not load unless the user says that it is their own. */
export class TargetRefusedError extends Error {
  override readonly name = "TargetRefusedError";
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** True for addresses and names that never leave this machine. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  const family = isIP(name);
  if (family === 0) return name === "localhost" || name.endsWith(".localhost");
  return loopback.check(name, family === 6 ? "ipv6" : "ipv4");
}

/** @throws TargetRefusedError for a host that is not this machine, unless the user says that it is their own */
export function checkTarget(host: string, ownTarget: boolean): void {
  if (ownTarget || isLoopback(host)) return;
  const azure = host.toLowerCase().replace(/\.$/, "").endsWith(".azure-devices-provisioning.net");
  const whose = azure ? "is a service of Microsoft Azure" : "is not this machine";
  throw new TargetRefusedError(`${host} ${whose}: a fleet only runs against a target that you declare as your own`);
}
