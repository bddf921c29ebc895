import { randomBytes } from "node:crypto";
import { type Identity, issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import { deriveDeviceKey, type EnrollmentGroupInput, type IndividualEnrollmentInput } from "@rollcall/protocol";
import { createTpm, prepareTpm, type TpmHints } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import type { Swtpm } from "./swtpm.js";

/** The credentials that a client script needs to act as the device. */
export type JobAttestation =
  | { readonly type: "x509"; readonly cert: string; readonly key: string }
  | { readonly type: "symmetricKey"; readonly key: string }
  | { readonly type: "tpm"; readonly virtual: { readonly seed: string; readonly hints: TpmHints } }
  | { readonly type: "tpm"; readonly socket: string }
  /** the port of the simulator protocol, or the place where the SDK itself looks for a TPM */
  | { readonly type: "tpm"; readonly served: number | "where the SDK looks" };

export interface EnrolledDevice {
  readonly attestation: JobAttestation;
  /** Absent when the device registers by its group. */
  readonly enrollment?: IndividualEnrollmentInput["attestation"];
}

export interface PreparedAttestation {
  readonly group?: EnrollmentGroupInput["attestation"];
  device(registrationId: string): Promise<EnrolledDevice>;
}

/** One way for a device to prove itself, with the enrollment that expects it. */
export interface AttestationRow {
  readonly name: string;
  readonly title: string;
  prepare(): Promise<PreparedAttestation>;
}

type KeyKind = "ec" | "rsa";

const x509Device = ({ chainPem, privateKeyPem }: Pick<Identity, "chainPem" | "privateKeyPem">) =>
  ({ type: "x509", cert: chainPem, key: privateKeyPem }) as const;

function x509Individual(slot: "primary" | "secondary", key: KeyKind): AttestationRow["prepare"] {
  return async () => ({
    async device(registrationId) {
      const leaf = await issueLeaf({ commonName: registrationId, key });
      const other = await issueLeaf({ commonName: `${registrationId} other` });
      const [primary, secondary] = slot === "primary" ? [leaf, other] : [other, leaf];
      const clientCertificates = {
        primary: { certificate: primary.certificatePem },
        secondary: { certificate: secondary.certificatePem },
      };
      return { attestation: x509Device(leaf), enrollment: { type: "x509", x509: { clientCertificates } } };
    },
  });
}

/** CA keys from the root down; `enrolledAt` counts from the root, `sends` from the leaf. */
interface ChainShape {
  readonly authorities: readonly KeyKind[];
  readonly leaf: KeyKind;
  readonly enrolledAt: number;
  readonly sends: "everythingBelowTheRoot" | "leafOnly";
}

function x509Group({ authorities, leaf, enrolledAt, sends }: ChainShape): AttestationRow["prepare"] {
  return async () => {
    const [rootKey = "ec", ...keys] = authorities;
    const label = randomBytes(3).toString("hex");
    const chain = [await issueRoot({ commonName: `Conformance root ${label}`, key: rootKey })];
    for (const [index, key] of keys.entries()) {
      const parent = chain.at(-1)!;
      chain.push(await issueIntermediate({ commonName: `Conformance CA ${index + 1} ${label}`, key, parent }));
    }
    const certificate = chain[enrolledAt]!.certificatePem;
    return {
      group: { type: "x509", x509: { signingCertificates: { primary: { certificate } } } },
      async device(registrationId) {
        const identity = await issueLeaf({ commonName: registrationId, key: leaf, parent: chain.at(-1)! });
        const chainPem = sends === "leafOnly" ? identity.certificatePem : identity.chainPem;
        return { attestation: x509Device({ chainPem, privateKeyPem: identity.privateKeyPem }) };
      },
    };
  };
}

const newKey = () => randomBytes(32).toString("base64");

function symmetricIndividual(slot: "primaryKey" | "secondaryKey"): AttestationRow["prepare"] {
  return async () => ({
    async device() {
      const symmetricKey = { primaryKey: newKey(), secondaryKey: newKey() };
      const attestation = { type: "symmetricKey", key: symmetricKey[slot] } as const;
      return { attestation, enrollment: { type: "symmetricKey", symmetricKey } };
    },
  });
}

function symmetricGroup(slot: "primaryKey" | "secondaryKey"): AttestationRow["prepare"] {
  return async () => {
    const symmetricKey = { primaryKey: newKey(), secondaryKey: newKey() };
    const groupKey = Buffer.from(symmetricKey[slot], "base64");
    return {
      group: { type: "symmetricKey", symmetricKey },
      async device(registrationId) {
        const key = deriveDeviceKey(groupKey, registrationId).toString("base64");
        return { attestation: { type: "symmetricKey", key } };
      },
    };
  };
}

const tpmEnrollment = (endorsementKey: Buffer) =>
  ({ type: "tpm", tpm: { endorsementKey: endorsementKey.toString("base64") } }) as const;

/** A virtual TPM of ours, which the client script runs in its own process. */
async function virtualTpm(registrationId: string): Promise<EnrolledDevice> {
  const seed = `conformance ${registrationId}`;
  const hints = await prepareTpm({ seed });
  const tpm = createTpm({ seed, hints });
  const client = new TpmClient((command) => tpm.send(command));
  return {
    attestation: { type: "tpm", virtual: { seed, hints } },
    enrollment: tpmEnrollment(client.endorsementKey()),
  };
}

/** swtpm, an independent TPM, over its socket. */
export function swtpmRow(swtpm: Swtpm): AttestationRow {
  return {
    name: "swtpm",
    title: "individual enrollment, swtpm",
    prepare: async () => ({
      async device() {
        const client = new TpmClient((command) => swtpm.send(command));
        return {
          attestation: { type: "tpm", socket: swtpm.socket },
          enrollment: tpmEnrollment(client.endorsementKey()),
        };
      },
    }),
  };
}

/** X.509 and symmetric keys, which every transport supports. */
export const keyAndCertificateRows: readonly AttestationRow[] = [
  {
    name: "x509-primary",
    title: "individual enrollment, primary certificate, EC",
    prepare: x509Individual("primary", "ec"),
  },
  {
    name: "x509-secondary",
    title: "individual enrollment, secondary certificate, RSA",
    prepare: x509Individual("secondary", "rsa"),
  },
  {
    name: "x509-root",
    title: "group of a root, EC, leaf and intermediate sent",
    prepare: x509Group({
      authorities: ["ec", "ec"],
      leaf: "ec",
      enrolledAt: 0,
      sends: "everythingBelowTheRoot",
    }),
  },
  {
    name: "x509-root-rsa",
    title: "group of a root, RSA, leaf and intermediate sent",
    prepare: x509Group({
      authorities: ["rsa", "rsa"],
      leaf: "rsa",
      enrolledAt: 0,
      sends: "everythingBelowTheRoot",
    }),
  },
  {
    name: "x509-deep",
    title: "group of a root, RSA above EC, leaf and three intermediates sent",
    prepare: x509Group({
      authorities: ["rsa", "ec", "rsa", "ec"],
      leaf: "ec",
      enrolledAt: 0,
      sends: "everythingBelowTheRoot",
    }),
  },
  {
    name: "x509-ca",
    title: "group of an intermediate, EC below RSA, leaf and intermediate sent",
    prepare: x509Group({
      authorities: ["rsa", "ec"],
      leaf: "ec",
      enrolledAt: 1,
      sends: "everythingBelowTheRoot",
    }),
  },
  {
    name: "x509-ca-leaf",
    title: "group of an intermediate, EC, leaf sent alone",
    prepare: x509Group({ authorities: ["ec", "ec"], leaf: "ec", enrolledAt: 1, sends: "leafOnly" }),
  },
  {
    name: "key-primary",
    title: "individual enrollment, primary symmetric key",
    prepare: symmetricIndividual("primaryKey"),
  },
  {
    name: "key-secondary",
    title: "individual enrollment, secondary symmetric key",
    prepare: symmetricIndividual("secondaryKey"),
  },
  {
    name: "key-derived",
    title: "group, key derived from its primary key",
    prepare: symmetricGroup("primaryKey"),
  },
  {
    name: "key-derived-2",
    title: "group, key derived from its secondary key",
    prepare: symmetricGroup("secondaryKey"),
  },
];

export const tpmRow: AttestationRow = {
  name: "tpm",
  title: "individual enrollment, TPM",
  prepare: async () => ({ device: virtualTpm }),
};
