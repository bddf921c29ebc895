import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildPath, type Certificate, judgePath, toPem } from "@rollcall/pki";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forgedRows } from "./chains-vs-openssl.forged-rows.js";
import { nameRows } from "./chains-vs-openssl.name-rows.js";
import { type Chain, issuedRows } from "./chains-vs-openssl.rows.js";

/**
 * OpenSSL's command line judges every chain too, at the default security level of its TLS, and the two verdicts must be
 * equal. This proves that our own path building misses nothing that OpenSSL finds.
 */

const rows = [...issuedRows, ...forgedRows, ...nameRows];
const run = promisify(execFile);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-chains-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a chain is judged as openssl verify judges it", () => {
  it.concurrent.each(rows.map((row, index) => ({ ...row, index })))(
    "$name: $expect",
    async ({ build, expect: verdict, index }) => {
      const chain = await build();
      const { path } = buildPath(chain.presented, { now: chain.now });
      const problems = judgePath({ path, anchor: chain.anchor, now: chain.now });
      const openssl = await verifyWithOpenssl(chain, String(index));
      expect({ accepted: problems.length === 0, ours: problems }, openssl).toMatchObject({
        accepted: openssl === "accepted",
      });
      expect(problems.length === 0 ? ["valid"] : problems.map(({ code }) => code)).toContain(verdict);
    },
  );
});

describe("the table", () => {
  it("has sixty chains or more, each under its own name", () => {
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });
});

async function verifyWithOpenssl({ presented, anchor, now }: Chain, name: string): Promise<string> {
  const [leaf, ...rest] = presented;
  const file = async (kind: string, certificates: readonly (Certificate | undefined)[]) => {
    const path = join(folder, `${name}-${kind}.pem`);
    await writeFile(path, certificates.map((certificate) => (certificate ? toPem(certificate.der) : "")).join(""));
    return path;
  };
  const untrusted = rest.length > 0 ? ["-untrusted", await file("rest", rest)] : [];
  const time = ["-attime", String(now.getTime() / 1000)];
  const trust = ["-partial_chain", "-no-CApath", "-no-CAstore", "-CAfile", await file("anchor", [anchor])];
  const purpose = ["-purpose", "sslclient", "-auth_level", "1"];
  try {
    await run("openssl", ["verify", ...purpose, ...time, ...trust, ...untrusted, await file("leaf", [leaf])]);
    return "accepted";
  } catch (error) {
    const text = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    // Only a verdict counts: a missing program or a wrong option would agree with every refusal.
    if (!/^error \d+ at \d+ depth lookup|verification failed/m.test(text)) throw error;
    return text;
  }
}
