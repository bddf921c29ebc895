import type { FindingRow } from "./finding-row.js";

/** No enrollment takes the device. What explains that stands earlier. Likely root causes first: the order is the rank. */
export const noEnrollmentRows = {
  "enrollment.notFound": {
    cause: 15,
    element: "enrollment",
    severity: "error",
    blame: "enrollment",
    wire: "unauthorized",
    title: "There is no individual enrollment {id}, and no enrollment group takes this device.{hint}",
    remedy: "Enroll it (rollcall enrollment create --eid {id}{how}), or use the id that is enrolled.",
    follows: [
      "token.signedOtherText",
      "key.groupKeyUsedRaw",
      "key.derivedTwice",
      "key.derivedFromOtherText",
      "key.textNotDecoded",
      "key.otherBytes",
      "key.derivedFromIndividual",
      "leaf.isAuthority",
      "chain.caNotVerified",
      "chain.caWithoutGroup",
      "chain.issuerMissing",
      "chain.untrusted",
      "group.disabled",
    ],
  },
  "enrollment.notFoundForTpm": {
    cause: 15,
    element: "enrollment",
    severity: "error",
    blame: "enrollment",
    wire: "enrollmentNotFound",
    title: "There is no individual enrollment {id}, and a TPM cannot be enrolled by a group.",
    remedy: "Enroll it with the endorsement key of its TPM: rollcall enrollment create --eid {id} --ek <base64>",
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
