import type { ServiceInfo } from "@rollcall/protocol";

/** The info of a service, for tests that need no particular one. */
export const sampleInfo: ServiceInfo = {
  idScope: "0ne00000000",
  host: "127.0.0.1",
  ports: { mqtt: 8883, https: 443, dashboard: 8080 },
  deviceEndpoint: "127.0.0.1",
  serviceEndpoint: "127.0.0.1",
  connectionString: "secret",
  policies: [{ name: "provisioningserviceowner", primary: "secret", secondary: "secret" }],
  caPath: "/ca.pem",
  caFingerprint: "AA",
  pid: 1,
  hubs: ["hub-a.test"],
  store: { kind: "memory", place: "memory" },
};
