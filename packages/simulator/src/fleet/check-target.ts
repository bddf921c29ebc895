import { isLoopback } from "@rollcall/protocol";

/** A target that this tool does not load unless the user says that it is their own. */
export class TargetRefusedError extends Error {
  override readonly name = "TargetRefusedError";
}

/** @throws TargetRefusedError for a host that is not this machine, unless its owner said so */
export function checkTarget(host: string, ownTarget: boolean): void {
  if (ownTarget || isLoopback(host)) return;
  const azure = host.toLowerCase().replace(/\.$/, "").endsWith(".azure-devices-provisioning.net");
  const whose = azure ? "is a service of Microsoft Azure" : "is not this machine";
  throw new TargetRefusedError(`${host} ${whose}: a fleet only runs against a target that you declare as your own`);
}
