import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addCertificate } from "./commands/certificate/command.js";
import { addDemo } from "./commands/demo/command.js";
import { addDevice } from "./commands/device/command.js";
import { addEnv } from "./commands/device/env.js";
import { addEnrollment } from "./commands/enrollment/enrollment.js";
import { addEnrollmentGroup } from "./commands/enrollment/enrollment-group.js";
import { addRegistration } from "./commands/enrollment/registration.js";
import { addExplain } from "./commands/explain/command.js";
import { addFleet } from "./commands/fleet/command.js";
import { addHub } from "./commands/hub/command.js";
import { addPki } from "./commands/pki/command.js";
import { addHealth } from "./commands/service/health.js";
import { addInfo } from "./commands/service/info.js";
import { addStart } from "./commands/service/start.js";
import { addStop } from "./commands/service/stop.js";
import { addWait } from "./commands/service/wait.js";
import { addTpm } from "./commands/tpm/command.js";
import { addExport } from "./commands/transfer/export.js";
import { addImport } from "./commands/transfer/import.js";
import type { Context } from "./terminal/context.js";
import { exitCodeHelp } from "./terminal/exit-codes.js";

/** The command table. Each command loads its modules when it runs, so that help and usage errors appear at once. */
export function createProgram(context: Context): Command {
  const { terminal } = context;
  const program = new Command("rollcall")
    .description("A local Azure IoT Device Provisioning Service, and simulated devices to test it with.")
    .version(version(), "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .option("--debug", "print the stack trace of an error")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, "")),
      writeErr: (text) => terminal.note(text.replace(/\n$/, "")),
      outputError: (text, write) => write(text.replace(/^error: /, terminal.paintNote("red", "rollcall: "))),
    })
    // Flags with both of az's spellings leave little room for the description in 80 columns.
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
