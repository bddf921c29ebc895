import { hostname, networkInterfaces } from "node:os";
import type { LinkedHub } from "@rollcall/protocol";
import { isLoopback } from "@rollcall/protocol";
import type { Config } from "../config/config-schema.js";

const isWildcard = (host: string) => host === "0.0.0.0" || host === "::";

/** The name or address by which devices reach a service that listens on `host`. */
export function reachableHost(host: string): string {
  if (!isWildcard(host)) return host;
  return outsideAddresses().find((address) => !address.includes(":")) ?? "127.0.0.1";
}

/** The hubs that devices are assigned to: the configured hubs, else one hub at the address of this service. */
export function linkedHubs({ hubs, hubHost, listen }: Config): readonly LinkedHub[] {
  if (!hubs) {
    const own = reachableHost(listen.host);
    return [{ host: hubHost ?? (isLoopback(own) ? "127.0.0.1" : own), weight: 1, applyAllocationPolicy: true }];
  }
  return hubs.map(({ host, weight, applyAllocationPolicy, latency }) => ({
    host,
    weight,
    applyAllocationPolicy,
    ...(latency !== undefined && { latency }),
  }));
}

/** Every name and address that a client may dial. The server certificate has to carry them. */
export function servedHosts({ listen }: Config, hubs: readonly LinkedHub[]): readonly string[] {
  const own = isWildcard(listen.host) ? [...outsideAddresses(), hostname()] : [listen.host];
  return [...new Set(["localhost", "127.0.0.1", "::1", ...own, ...hubs.map(({ host }) => host)])];
}

/** `host`, or `host:port` when clients assume a different port; IPv6 in brackets. */
export function endpoint(host: string, port: number, usual: number): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === usual ? name : `${name}:${port}`;
}

function outsideAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  // Link-local addresses of IPv6 mean something on one link only; no certificate can name them.
  return all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address)).map(({ address }) => address);
}
