import { describe, expect, it } from "vitest";
import { aggregate, mergeReports } from "./aggregate.js";
import { formatReport } from "./format-report.js";
import { Measurements } from "./measure.js";
import type { DeviceOutcome, FleetReport } from "./report-types.js";

const idle = { loopDelayP99: 1, loopDelayMax: 2, cpu: 0.1, bottleneck: false };
const common = { group: "g", transport: "mqtt", expect: { outcome: "assigned" } } as const;

function good(registrationId: string, tls: number): DeviceOutcome {
  const end = {
    outcome: "assigned",
    assignedHub: "127.0.0.1",
    deviceId: registrationId,
    twin: "asPrescribed",
  } as const;
  return {
    ...common,
    registrationId,
    attestation: "x509",
    end,
    phases: { tls, assigned: tls * 10, hubConnect: 3, twin: 2 },
  };
}

const refused: DeviceOutcome = {
  ...common,
  registrationId: "stray",
  attestation: "symmetricKey",
  expect: { outcome: "refused", errorCode: 401002 },
  end: {
    outcome: "refused",
    at: "service",
    status: 401,
    errorCode: 401002,
    message: "Unauthorized",
    finding: "enrollment.disabled",
  },
  phases: { tls: 4 },
};

function reportOf(
  devices: readonly DeviceOutcome[],
  extra: Partial<Parameters<typeof aggregate>[0]> = {},
): FleetReport {
  const measurements = new Measurements();
  for (const { attestation, phases } of devices) measurements.record(attestation, phases);
  const { histograms } = measurements;
  const startedAt = new Date("2026-01-02T03:04:05Z");
  const rest = { fleet: "demo", startedAt, durationMs: 3123, interrupted: false, tester: idle };
  return aggregate({ ...rest, devices, histograms, ...extra });
}

const fleet = Array.from({ length: 50 }, (_, index) => good(`d${index + 1}`, index + 1));

describe("aggregate", () => {
  it("counts, and summarizes each phase of each attestation", () => {
    const report = reportOf([...fleet, refused]);
    expect(report.counts).toEqual({
      devices: 51,
      assigned: 50,
      twinRead: 50,
      refusedAsExpected: 1,
      unexpected: 0,
      interrupted: 0,
    });
    expect(report.attestations.x509?.phases.tls).toMatchObject({ count: 50 });
    expect(report.attestations.x509?.phases.tls?.p50).toBeCloseTo(25, 0);
    expect(report.attestations.x509?.phases.tls?.max).toBeCloseTo(50, 0);
    expect(report.attestations.symmetricKey?.phases).not.toHaveProperty("assigned");
    expect(report.phases.tls?.count).toBe(51);
    expect(report.attestations).not.toHaveProperty("tpm");
  });

  it("makes a report that survives JSON", () => {
    const report = reportOf([...fleet, refused]);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe("mergeReports", () => {
  it("gives the same report as a single run", () => {
    const whole = reportOf([...fleet, refused]);
    const half = (from: number, to: number) =>
      JSON.parse(JSON.stringify(reportOf([...fleet, refused].slice(from, to)))) as FleetReport;
    const merged = mergeReports([half(0, 20), half(20, 51)]);
    expect(merged.phases).toEqual(whole.phases);
    expect(merged.attestations).toEqual(whole.attestations);
    expect(merged.counts).toEqual(whole.counts);
  });

  it("lasts from the first start to the last end", () => {
    const late = reportOf([refused], { startedAt: new Date("2026-01-02T03:04:15Z"), interrupted: true });
    expect(mergeReports([late, reportOf(fleet)])).toMatchObject({
      startedAt: "2026-01-02T03:04:05.000Z",
      durationMs: 13_123,
      interrupted: true,
    });
  });
});

describe("formatReport", () => {
  it("shows tables, refusals and the closing line", () => {
    expect(formatReport(reportOf([...fleet, refused]))).toMatchInlineSnapshot(`
      "attestation    devices  assigned  twin as prescribed
      X.509               50        50                  50
      symmetric key        1         0                   0
      all                 51        50                  50

      p50 / p99                   X.509    symmetric key
      TLS                 25 ms / 50 ms  4.0 ms / 4.0 ms
      assigned (total)  250 ms / 500 ms                –
      hub connect       3.0 ms / 3.0 ms                –
      twin              2.0 ms / 2.0 ms                –

      Refused, as expected:
        stray: enrollment.disabled, refused by the service: 401002 Unauthorized

      50 devices registered in 3.1s, 1 refused as expected"
    `);
  });

  it("wraps lines at 80 columns, and leaves the hub out when no device connected to it", () => {
    const message = `CA certificate not found: ${"and a reason ".repeat(8)}`.trim();
    const long: DeviceOutcome = { ...refused, end: { ...refused.end, message } as typeof refused.end };
    const away = { ...good("d1", 1).end, twin: "unread" } as DeviceOutcome["end"];
    const tester = { loopDelayP99: 240, loopDelayMax: 400, cpu: 0.98, bottleneck: true };
    const odd = { ...good("d2", 1), unexpected: message };
    const text = formatReport(reportOf([{ ...good("d1", 1), end: away }, long, odd], { tester }));
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain("\n    and a reason");
    expect(text).toMatch(/^attestation +devices +assigned\n/);
  });

  it("lists unexpected outcomes, at most twenty", () => {
    const odd = fleet.slice(0, 22).map((device) => ({ ...device, unexpected: "its desired properties differ" }));
    const text = formatReport(reportOf(odd));
    expect(text).toContain("Not as expected:\n  d1: its desired properties differ\n");
    expect(text).toContain("  and 2 more");
    expect(text.split("\n").at(-1)).toBe("22 devices registered in 3.1s, 22 NOT as expected");
  });

  it("says that the tester was too slow, and that the run was stopped", () => {
    const tester = { loopDelayP99: 240, loopDelayMax: 400, cpu: 0.98, bottleneck: true };
    const stopped: DeviceOutcome = { ...good("d2", 1), end: { outcome: "interrupted" }, phases: {} };
    const text = formatReport(reportOf([good("d1", 1), stopped], { tester, interrupted: true }));
    expect(text).toContain("This process was the bottleneck (event loop delay p99 240 ms, 98 % of a core):");
    expect(text.split("\n").at(-1)).toBe("1 device registered in 3.1s, stopped with 1 not done");
  });

  it("formats a run without devices", () => {
    expect(formatReport(reportOf([], { durationMs: 0 }))).toBe(
      "attestation  devices  assigned  twin as prescribed\n\n0 devices registered in 0.0s",
    );
  });
});
