import { describe } from "vitest";
import { certificateContract } from "./certificate-contract.js";
import type { OpenStore } from "./contract-records.js";
import { deviceContract } from "./device-contract.js";
import { enrollmentContract } from "./enrollment-contract.js";
import { enrollmentListContract } from "./enrollment-list-contract.js";
import { lookUpContract } from "./look-up-contract.js";
import { moduleContract } from "./module-contract.js";
import { registrationContract } from "./registration-contract.js";
import { restoreContract } from "./restore-contract.js";
import { sessionContract } from "./session-contract.js";

/** The tests that every store must pass; `open` returns an empty store. */
export function storeContract(name: string, open: OpenStore): void {
  describe(name, () => {
    describe("enrollments", () => enrollmentContract(open));
    describe("look-ups", () => lookUpContract(open));
    describe("lists of enrollments", () => enrollmentListContract(open));
    describe("CA certificates", () => certificateContract(open));
    describe("registrations", () => registrationContract(open));
    describe("devices and twins", () => deviceContract(open));
    describe("modules", () => moduleContract(open));
    describe("sessions at hubs", () => sessionContract(open));
    describe("restore", () => restoreContract(open));
  });
}
