import { expect, test } from "vitest";
import { type BannerFacts, banner } from "./banner.js";

const info = {
  idScope: "0ne00000000",
  host: "127.0.0.1",
  ports: { mqtt: 8883, https: 8443, dashboard: 8080 },
  deviceEndpoint: "127.0.0.1",
  serviceEndpoint: "127.0.0.1:8443",
  connectionString: `HostName=127.0.0.1:8443;SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=${"k".repeat(44)}`,
  policies: [],
  caPath: "/home/someone/project/.rollcall/ca.pem",
  caFingerprint: "AB".repeat(32),
  pid: 12_345,
  hubs: ["127.0.0.1", "127.0.0.2"],
  store: { kind: "sqlite", place: "/home/someone/project/.rollcall/store/rollcall.db" },
} as const;
const paint = (_: string, text: string) => text;
/** The longest notice of the service: no permission to listen on 443. */
const notice = `HTTPS is on 8443, since there is no permission for 443: ${"x".repeat(50).replaceAll("xxxxx", "words ")} SDKs dial 443 only. ${"To allow 443: sudo sysctl net.ipv4.ip_unprivileged_port_start=443. ".repeat(3)}`;
const plain: BannerFacts = {
  info,
  portalUrl: `http://127.0.0.1:18080/#token=${"t".repeat(43)}`,
  location: "./.rollcall",
  seed: undefined,
  tpmOverMqtt: true,
  exposed: false,
  detached: false,
  notices: [],
};

/** Lines as a terminal of 80 columns shows them. */
const rows = (text: string) =>
  text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0);

const cases: readonly [string, BannerFacts][] = [
  ["plain", plain],
  ["with a notice", { ...plain, notices: [notice] }],
  ["in memory", { ...plain, location: undefined, seed: "./seed.json", notices: [notice] }],
  [
    "for the bench",
    {
      ...plain,
      info: { ...info, host: "192.168.7.20" },
      location: "/data/dps",
      seed: "./seed",
      exposed: true,
      detached: true,
    },
  ],
];

test.each(cases)("the banner (%s) fits 80×24 and ends with a command", (_, facts) => {
  const text = banner(facts, paint);
  expect(rows(text)).toBeLessThanOrEqual(23);
  for (const line of text.split("\n"))
    if (!/^HostName=|^Next: /.test(line)) expect(line.length).toBeLessThanOrEqual(80);
  expect(text.split("\n").at(-1)).toMatch(/^Next: rollcall /);
});

test("the connection string and the portal's address are alone on their lines, to be copied", () => {
  const lines = banner(plain, paint).split("\n");
  expect(lines).toContain(info.connectionString);
  expect(lines).toContain(plain.portalUrl);
});

test("the next command creates an enrollment without a seed, and registers a device with a seed", () => {
  expect(banner(plain, paint)).toMatch(/\nNext: rollcall enrollment create --eid dev1 --at symmetrickey$/);
  const elsewhere = { ...plain, location: "./my data" };
  expect(banner(elsewhere, paint)).toMatch(/ --at symmetrickey --location '.\/my data'$/);
  expect(banner({ ...plain, seed: "./seed.json" }, paint)).toMatch(/\nNext: rollcall device register --rid <id> /);
});

test("a host that other machines can reach causes a warning", () => {
  const text = banner({ ...plain, info: { ...info, host: "192.168.7.20" }, exposed: true }, paint);
  expect(text).toContain("Other machines can reach 192.168.7.20, and all keys here are development keys.");
});
