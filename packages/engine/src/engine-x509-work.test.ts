import { type Identity, issueIntermediate, issueLeaf, issueRoot, toPem } from "@rollcall/pki";
import { limits } from "@rollcall/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import type { WorkDone } from "./attestation/judging/work-budget.js";
import { commonName, dearKeys, type HostileChain, manyConstraints, manyUsages } from "./testing/hostile-chains.js";
import { engineRig } from "./testing/rig.js";

const NOW = Date.UTC(2026, 10, 23);
const dates = { notBefore: new Date(NOW - 86_400_000), notAfter: new Date(NOW + 86_400_000) };
const der = (...identities: readonly Identity[]) => identities.map((each) => each.certificate.der);
const enrolled = commonName("Root");

let root: Identity;
let intermediate: Identity;
let leaf: Identity;
beforeAll(async () => {
  root = await issueRoot({ commonName: "Root", ...dates });
  intermediate = await issueIntermediate({ commonName: "Line-3 CA", parent: root, ...dates });
  leaf = await issueLeaf({ commonName: "pump-7", parent: intermediate, ...dates });
});

/** An engine with a group on the root, and the work that it does on certificates. */
async function countingRig(identities: readonly Identity[] = [root]) {
  const done: Record<WorkDone["kind"], number> = { certificates: 0, signatures: 0, comparisons: 0 };
  const rig = await engineRig({
    enrollmentGroups: identities.map((each, index) => ({
      enrollmentGroupId: `g${index}`,
      attestation: {
        type: "x509" as const,
        x509: { signingCertificates: { primary: { certificate: toPem(each.certificate.der) } } },
      },
    })),
    engine: {
      onCertificateWork: ({ kind, count }) => {
        done[kind] += count;
      },
    },
  });
  /** So many register requests on one connection. */
  const ask = async (id: string, chain: readonly Uint8Array[], times = 1) => {
    const { connection } = rig.request(id, { chain });
    const asked = Array.from({ length: times }, () => ({ ...rig.request(id), connection, body: rig.body() }));
    const replies = [];
    for (const each of asked) replies.push(await rig.engine.register(each));
    const last = asked.at(-1)?.attempt.findings ?? [];
    return { replies, findings: last, codes: last.map(({ code }) => code), status: replies.at(-1)?.status };
  };
  return { ...rig, done, ask };
}

interface Hostile {
  readonly title: string;
  readonly make: () => HostileChain;
  readonly certificates: number;
  /** At most. */
  readonly signatures: number;
  readonly code: string;
}

const hostile: readonly Hostile[] = [
  {
    title: "6,600 constraints against 3,300 names under the name of an enrolled root",
    make: () => manyConstraints("pump-7", enrolled),
    certificates: 2,
    signatures: 2,
    code: "link.signatureInvalid",
  },
  {
    title: "exponents of 3,072 bits",
    make: () => dearKeys("pump-7", enrolled),
    certificates: 6,
    signatures: 1,
    code: "link.signatureInvalid",
  },
  {
    title: "9,000 extended key usages",
    make: () => manyUsages("pump-7", enrolled),
    certificates: 1,
    signatures: 1,
    code: "leaf.notForClients",
  },
  {
    title: "70 CA certificates with exponents of 3,072 bits",
    make: () => dearKeys("pump-7", enrolled, 69),
    certificates: 6,
    signatures: 1,
    code: "chain.tooLong",
  },
];

describe("a stranger's chain costs no more than an ordinary device's", () => {
  it.each(hostile)("$title", async ({ make, certificates, signatures, code }) => {
    const { ask, done, failures } = await countingRig();
    const { chain } = make();
    const { replies, codes, findings } = await ask("pump-7", chain, 50);
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 401));
    expect(codes).toContain(code);
    expect(done.certificates).toBe(certificates);
    expect(done.signatures).toBeLessThanOrEqual(signatures);
    expect(done.comparisons).toBe(0);
    expect(JSON.stringify(findings).length).toBeLessThan(20_000);
    expect(failures).toEqual([]);
  });

  it("and no signature is checked where no name leads to an enrolled certificate", async () => {
    const { ask, done } = await countingRig();
    const strange = await issueRoot({ commonName: "Strange", ...dates });
    const device = await issueLeaf({ commonName: "pump-7", parent: strange, ...dates });
    expect((await ask("pump-7", der(device, strange))).codes[0]).toBe("chain.untrusted");
    expect((await ask("pump-7", dearKeys("pump-7", commonName("Strange")).chain)).status).toBe(401);
    expect(done.signatures).toBe(0);
  });
});

describe("an ordinary chain", () => {
  it("of three certificates costs two signature checks, whatever the number of requests", async () => {
    const { ask, done } = await countingRig();
    const { status } = await ask("pump-7", der(leaf, intermediate), 5);
    expect(status).toBe(202);
    expect(done).toEqual({ certificates: 2, signatures: 2, comparisons: 0 });
  });

  it("costs the second device one: the intermediate is known by then", async () => {
    const { ask, done } = await countingRig();
    await ask("pump-7", der(leaf, intermediate));
    const other = await issueLeaf({ commonName: "pump-8", parent: intermediate, ...dates });
    await ask("pump-8", der(other, intermediate));
    expect(done.signatures).toBe(3);
  });

  it("of a stranger is not remembered for others", async () => {
    const { ask, done } = await countingRig();
    const forged = await issueRoot({ commonName: "Root", ...dates });
    const middle = await issueIntermediate({ commonName: "M", parent: forged, ...dates });
    const device = await issueLeaf({ commonName: "pump-7", parent: middle, ...dates });
    await ask("pump-7", der(device, middle));
    const first = done.signatures;
    await ask("pump-7", der(device, middle));
    expect(done.signatures).toBe(2 * first);
  });

  it("is let in while strangers have used up what all may use together", async () => {
    const rig = await countingRig();
    const { reasons } = await flood(rig);
    expect(reasons).toContain("the service is busy with such checks of other connections");
    const before = rig.done.signatures;
    expect((await rig.ask("pump-7", der(leaf, intermediate))).status).toBe(202);
    expect(rig.done.signatures - before).toBe(2);
  });

  it("of five certificates is, too", async () => {
    const rig = await countingRig();
    await flood(rig);
    const above: Identity[] = [root];
    for (const name of ["A", "B", "C"]) {
      above.unshift(await issueIntermediate({ commonName: name, parent: above[0] ?? root, ...dates }));
    }
    const device = await issueLeaf({ commonName: "pump-9", parent: above[0] ?? root, ...dates });
    const before = rig.done.signatures;
    expect((await rig.ask("pump-9", der(device, ...above))).status).toBe(202);
    expect(rig.done.signatures - before).toBe(4);
  });
});

/** Strangers who name an enrolled root, until the budget of all is spent. */
async function flood({ ask }: Awaited<ReturnType<typeof countingRig>>) {
  const faults = { keyIdentifiers: false };
  const forged = await issueRoot({ commonName: "Root", ...dates, faults });
  const again = await issueRoot({ commonName: "Root", ...dates, faults });
  const chain = der(await issueLeaf({ commonName: "pump-7", parent: forged, ...dates, faults }), forged, again);
  const reasons: (string | undefined)[] = [];
  for (let each = 0; each < 600; each++) {
    const { findings, status } = await ask("pump-7", chain);
    expect(status === 401 || status === 429).toBe(true);
    reasons.push(...findings.filter(({ code }) => code === "chain.notChecked").map(({ got }) => got));
  }
  return { reasons };
}

describe("a chain that is more than ordinary", () => {
  /** Two intermediates of one name without key identifiers: only signatures tell which issued the leaf. */
  const ambiguous = async () => {
    const faults = { keyIdentifiers: false };
    const one = await issueIntermediate({ commonName: "CA", parent: root, ...dates, faults });
    const two = await issueIntermediate({ commonName: "CA", parent: root, ...dates, faults });
    return der(await issueLeaf({ commonName: "pump-7", parent: one, ...dates, faults }), two, one);
  };

  it("is judged within the budget of its connection", async () => {
    const { ask } = await countingRig();
    expect((await ask("pump-7", await ambiguous())).status).toBe(202);
  });

  it("is asked to come again when the budget of all is spent, and let in when it is there again", async () => {
    const rig = await countingRig();
    await flood(rig);
    const twins = await ambiguous();
    const { status, codes } = await rig.ask("pump-7", twins);
    expect({ status, first: codes[0] }).toEqual({ status: 429, first: "chain.notChecked" });
    rig.clock.now += 1000;
    expect((await rig.ask("pump-7", twins)).status).toBe(202);
  });
});

describe("comparisons of names with name constraints", () => {
  const text = (name: string) =>
    Buffer.from(`820${name.length.toString(16)}${Buffer.from(name).toString("hex")}`, "hex");
  const wrap = (tag: number, content: Buffer) => {
    const size = Buffer.alloc(3);
    size.writeUIntBE(content.length, 0, 3);
    const at = size.findIndex((byte) => byte !== 0);
    const head = content.length < 128 ? [content.length] : [0x80 | (3 - at), ...size.subarray(at)];
    return Buffer.concat([Buffer.from([tag, ...head]), content]);
  };
  const hosts = (count: number) => Array.from({ length: count }, (_, index) => text(`h${index.toString(36)}.x`));

  /** A leaf of so many names (its subject is one of them) under a CA with so many constraints, all properly signed. */
  async function chainOf(names: number, constraints: number, cas = 1) {
    const excluded = hosts(constraints).map((host) =>
      wrap(0x30, Buffer.concat([host.subarray(0, -1), Buffer.from("y")])),
    );
    const value = wrap(0x30, wrap(0xa1, Buffer.concat(excluded)));
    const extensions = [{ oid: "2.5.29.30", critical: true, value }];
    const above = [root];
    for (let index = 0; index < cas; index++) {
      const options = {
        commonName: `Constrained ${index}`,
        parent: above[0] ?? root,
        ...dates,
        faults: { extensions },
      };
      above.unshift(await issueIntermediate(options));
    }
    const san = { oid: "2.5.29.17", critical: false, value: wrap(0x30, Buffer.concat(hosts(names - 1))) };
    const device = await issueLeaf({
      commonName: "pump-7",
      parent: above[0] ?? root,
      ...dates,
      faults: { extensions: [san] },
    });
    return der(device, ...above.slice(0, -1));
  }

  it.each([
    { names: 64, constraints: 64, status: 202, comparisons: limits.chainWork.straightComparisons },
    { names: 1024, constraints: 1024, status: 202, comparisons: 2 ** 20 },
    { names: 1025, constraints: 1024, status: 401, comparisons: 0 },
  ])("$names names, $constraints constraints: $status", async ({ names, constraints, status, comparisons }) => {
    const { ask, done } = await countingRig();
    const answer = await ask("pump-7", await chainOf(names, constraints));
    expect({ status: answer.status, comparisons: done.comparisons }, JSON.stringify(answer.codes)).toEqual({
      status,
      comparisons,
    });
  });

  it("have a budget on each connection, which more requests do not fill", async () => {
    const { ask, done } = await countingRig();
    const { replies, findings } = await ask("pump-7", await chainOf(1024, 1024, 2), 5);
    expect(replies.map(({ status }) => status)).toEqual([429, 429, 429, 429, 429]);
    const reason = "this connection has had its share of such checks";
    expect(findings.find(({ code }) => code === "chain.notChecked")?.got).toBe(reason);
    // The leaf against the lower CA, and the lower CA against the upper; the leaf against the upper is too much.
    expect(done.comparisons).toBe(2 ** 20 + 1024);
  });
});
