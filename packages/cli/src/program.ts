import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addCertificate } from "./commands/certificate.js";
import { addDemo } from "./commands/demo.js";
import { addDevice } from "./commands/device.js";
import { addEnrollment } from "./commands/enrollment.js";
import { addEnrollmentGroup } from "./commands/enrollment-group.js";
import { addEnv } from "./commands/env.js";
import { addExplain } from "./commands/explain.js";
import { addExport } from "./commands/export.js";
import { addFleet } from "./commands/fleet.js";
import { addHealth } from "./commands/health.js";
import { addHub } from "./commands/hub.js";
import { addImport } from "./commands/import.js";
import { addInfo } from "./commands/info.js";
import { addPki } from "./commands/pki.js";
import { addRegistration } from "./commands/registration.js";
import { addStart } from "./commands/start.js";
import { addStop } from "./commands/stop.js";
import { addTpm } from "./commands/tpm.js";
import { addWait } from "./commands/wait.js";
import type { Context } from "./context.js";
import { exitCodeHelp } from "./exit-codes.js";

/** The command table. Each command loads what it needs when it runs, so that help and errors come at once. */
export function createProgram(context: Context): Command {
  const { terminal } = context;
  const program = new Command("rollcall")
    .description("A local Azure IoT Device Provisioning Service, and simulated devices to test it with.")
    .version(version(), "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .option("--debug", "print the stack of an error")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, "")),
      writeErr: (text) => terminal.note(text.replace(/\n$/, "")),
      outputError: (text, write) => write(text.replace(/^error: /, terminal.paintNote("red", "rollcall: "))),
    })
    // Flags with both of az's spellings leave little of 80 columns.
    .configureHelp({ showGlobalOptions: false, minWidthToWrap: 24 })
    .addHelpText("after", `\n${exitCodeHelp()}`);
  for (const add of [
    addStart,
    addStop,
    addWait,
    addHealth,
    addInfo,
    addEnv,
    addExplain,
    addEnrollment,
    addEnrollmentGroup,
    addRegistration,
    addCertificate,
    addHub,
    addExport,
    addImport,
    addDevice,
    addFleet,
    addPki,
    addTpm,
    addDemo,
  ]) {
    add(program, context);
  }
  return program;
}

function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const known = typeof file === "object" && file !== null && "version" in file ? file.version : undefined;
  return typeof known === "string" ? known : "unknown";
}
