import fc from "fast-check";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vectorState } from "../fixtures/tpm-states.js";
import { base64, tpmVectors } from "../fixtures/tpm-vectors.js";
import { type Swtpm, startSwtpm, swtpmProgram } from "./swtpm.js";
import { type Ground, prepareGround, runStream, type Seen, sessionStream } from "./tpm-sessions.rows.js";
import { rareCases } from "./tpm-sessions-rare.rows.js";

const missing = swtpmProgram === undefined;
const reason = missing ? " (needs swtpm: apt-get install swtpm)" : "";
if (missing) console.warn("swtpm is not on the PATH: that our TPM's sessions are as its are is NOT tested");

const long = process.env["ROLLCALL_TEST"] === "long";
/** Streams of about 16 steps each. The seed is fixed; only the long run searches for new differences. */
const streams = long ? 4000 : 150;
const seed = 20_261_125;

/** The results of both TPMs up to the first step at which they differ; undefined when they agree. */
function firstDifference(ours: readonly Seen[], theirs: readonly Seen[]) {
  for (const [index, mine] of ours.entries()) {
    const other = theirs[index];
    // swtpm has room for three sessions only; the rest of the stream cannot be compared.
    if (other?.code === "903" && mine.code === "0") return undefined;
    if (JSON.stringify(mine) !== JSON.stringify(other)) return { before: ours.slice(0, index), mine, other };
  }
  return undefined;
}

describe.skipIf(missing)(`sessions on our TPM and on swtpm${reason}`, () => {
  let swtpm: Swtpm;
  let theirs: Ground;
  beforeAll(async () => {
    const { fileName, base64: content } = tpmVectors.rsa.swtpmState;
    swtpm = await startSwtpm({ fileName, content: base64(content) });
    new TpmClient((command) => swtpm.send(command)).endorsementKey();
    new TpmClient((command) => swtpm.send(command)).storageRootKey();
    theirs = prepareGround((command) => {
      let response = swtpm.send(command);
      // While swtpm writes its state, it asks for a retry.
      for (let attempt = 0; attempt < 10 && response.readUInt32BE(6) === 0x922; attempt += 1) {
        response = swtpm.send(command);
      }
      return response;
    });
  });
  afterAll(() => swtpm?.stop());

  test.each(rareCases)("$title", ({ run }) => {
    const tpm = createTpm({ state: vectorState });
    const ours = prepareGround((command) => tpm.send(command));
    new TpmClient((command) => tpm.send(command)).endorsementKey();
    const seen = run(theirs);
    expect(run(ours)).toEqual(seen);
    expect(seen.length).toBeGreaterThan(0);
  });

  test(`${streams} streams of salted, bound, encrypting and auditing sessions, right and wrong`, {
    timeout: 1_200_000,
  }, () => {
    const tpm = createTpm({ state: vectorState });
    const ours = prepareGround((command) => tpm.send(command));
    const succeeded: Seen[] = [];
    for (const steps of fc.sample(sessionStream, { numRuns: streams, seed })) {
      const mine = runStream(ours, steps);
      expect(firstDifference(mine, runStream(theirs, steps))).toBeUndefined();
      succeeded.push(...mine.filter(({ attributes }) => attributes !== undefined));
    }
    expect(succeeded.every(({ genuine }) => genuine)).toBe(true);
    const seen = (bit: number) => succeeded.filter(({ attributes }) => attributes?.some((each) => (each & bit) !== 0));
    for (const bit of [0x20, 0x40, 0x80]) expect(seen(bit).length).toBeGreaterThan(streams / 4);
  });
});
