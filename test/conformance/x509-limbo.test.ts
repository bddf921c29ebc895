import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildPath, judgePath, parseCertificates, readCertificate } from "@rollcall/pki";
import { afterAll, describe, expect, it } from "vitest";
import { differences } from "./x509-limbo.rows.js";

/** The members of a C2SP/x509-limbo case (Apache-2.0) that concern a chain without a server's name. */
interface LimboCase {
  readonly id: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
}

interface Purpose {
  readonly name: string;
  readonly clientAuth: boolean;
  readonly flags: readonly string[];
}

/** Most cases are web server certificates, which are refused for clients, so they are judged for any purpose too. */
const purposes: readonly Purpose[] = [
  { name: "any purpose", clientAuth: false, flags: [] },
  { name: "TLS clients", clientAuth: true, flags: ["-purpose", "sslclient"] },
];

const corpora = process.env["ROLLCALL_CORPORA"] ?? fileURLToPath(new URL("../../../shared/corpora", import.meta.url));
const corpus = join(corpora, "x509-limbo.json");
const isHere = existsSync(corpus);
const cases: readonly LimboCase[] = isHere ? JSON.parse(readFileSync(corpus, "utf8")).testcases : [];
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "rollcall-limbo-"));
/** The time of judgement: the case's own, else any time that is the same for both. */
const timeOf = (each: LimboCase) => new Date(each.validation_time ?? "2026-11-30T00:00:00Z");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Verdict = "accepted" | "refused";

function ours(each: LimboCase, clientAuth: boolean): Verdict {
  const now = timeOf(each);
  const read = (pem: string) => parseCertificates(pem).map((der) => readCertificate(der));
  try {
    const presented = [each.peer_certificate, ...each.untrusted_intermediates].flatMap(read);
    const { path } = buildPath(presented, { now });
    const isTrusted = each.trusted_certs
      .flatMap(read)
      .some((anchor) => judgePath({ path, anchor, now, clientAuth }).length === 0);
    return isTrusted ? "accepted" : "refused";
  } catch (error) {
    // An unreadable certificate is refused; any other error is a bug of ours.
    if (error instanceof Error && error.name === "CertificateError") return "refused";
    throw error;
  }
}

async function openssl(each: LimboCase, flags: readonly string[], name: string): Promise<Verdict> {
  const file = (kind: string, pems: readonly string[]) => {
    const path = join(folder, `${name}-${kind}.pem`);
    writeFileSync(path, pems.join("\n"));
    return path;
  };
  const untrusted = each.untrusted_intermediates;
  const rest = untrusted.length > 0 ? ["-untrusted", file("rest", untrusted)] : [];
  const time = ["-attime", String(Math.floor(timeOf(each).getTime() / 1000))];
  const trust = ["-partial_chain", "-no-CApath", "-no-CAstore", "-CAfile", file("anchors", each.trusted_certs)];
  const leaf = file("leaf", [each.peer_certificate]);
  try {
    await run("openssl", ["verify", ...flags, "-auth_level", "1", ...time, ...trust, ...rest, leaf]);
    return "accepted";
  } catch (error) {
    const text = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
    // Only a verdict counts: a missing program or a wrong option would agree with every refusal.
    if (!/^error \d+ at \d+ depth lookup|verification failed|[Uu]nable to load|Could not read/m.test(text)) throw error;
    return "refused";
  }
}

describe.skipIf(!isHere)("x509-limbo (needs shared/corpora/x509-limbo.json beside the repository)", () => {
  const numbered = cases.map((each, index) => ({ id: each.id, each, index }));

  describe.each(purposes)("a chain for $name is judged as openssl verify judges it", ({ clientAuth, flags }) => {
    it.each(numbered)("$id", async ({ id, each, index }) => {
      const theirs = await openssl(each, flags, String(index));
      const other: Verdict = theirs === "accepted" ? "refused" : "accepted";
      const difference = clientAuth ? undefined : differences.find((row) => row.id === id);
      const expected = difference ? other : theirs;
      expect({ verdict: ours(each, clientAuth), openssl: theirs }).toEqual({ verdict: expected, openssl: theirs });
      if (difference) expect(expected, "the row of the difference says so too").toBe(difference.ours);
    });
  });

  it("every difference names an existing case", () => {
    expect(differences.filter(({ id }) => !cases.some((each) => each.id === id))).toEqual([]);
  });

  it("both verdicts occur, so that agreement means something", () => {
    const verdicts = cases.map((each) => ours(each, false));
    for (const verdict of ["accepted", "refused"] as const) {
      expect(verdicts.filter((each) => each === verdict).length).toBeGreaterThan(40);
    }
  });
});
