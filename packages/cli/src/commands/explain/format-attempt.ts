import { type AttemptRecord, aboutFinding, blameWords, type Finding, outcomeWords } from "@rollcall/protocol";
import { wrap } from "@rollcall/simulator/wrap";
import { formatMs } from "../../terminal/durations.js";
import { formatRecord } from "../../terminal/output.js";
import type { Style } from "../../terminal/terminal.js";

interface Look {
  /** Width to wrap at; Infinity in a pipe. */
  readonly columns: number;
  readonly paint: (style: Style, text: string) => string;
}

const MARKS: Readonly<Record<Finding["severity"], readonly [string, Style]>> = {
  error: ["✗", "red"],
  warning: ["!", "yellow"],
  info: ["·", "cyan"],
};

/** An attempt as `rollcall explain` prints it: the facts, the steps, and the findings. */
export function formatAttempt(attempt: AttemptRecord, look: Look): string {
  const where = attempt.at === "hub" ? "at its hub" : "at the provisioning service";
  const who = attempt.registrationId === "" ? "A device that did not say its name" : attempt.registrationId;
  return [
    `${look.paint("bold", who)} ${outcomeWords[attempt.outcome]} ${where}.`,
    "",
    formatRecord(header(attempt), true),
    "",
    look.paint("bold", "What happened"),
    ...steps(attempt),
    "",
    ...webhookCalls(attempt, look),
    ...findings(attempt, look),
  ].join("\n");
}

function header(attempt: AttemptRecord): [string, string][] {
  const pairs: [string, string | undefined][] = [
    ["tracking id", attempt.trackingId],
    ["began", new Date(attempt.startedAt).toISOString()],
    ["came from", `${attempt.remote} over ${attempt.transport}`],
    ["client", client(attempt)],
    ["ID scope", attempt.idScope],
    ["attestation", attempt.attestation],
    ["enrollment", attempt.enrollment && `${attempt.enrollment.kind} ${attempt.enrollment.id}`],
    ["assigned to", attempt.assignedHub && `${attempt.deviceId ?? "?"} at ${attempt.assignedHub}`],
    ["answer", answer(attempt)],
  ];
  return pairs.flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[`  ${name}`, value] as [string, string]],
  );
}

function client(attempt: AttemptRecord): string | undefined {
  const version = attempt.apiVersion && `api-version ${attempt.apiVersion}`;
  return [attempt.clientVersion, version].filter((part) => part).join(", ") || undefined;
}

function answer({ reply }: AttemptRecord): string | undefined {
  if (!reply) return undefined;
  const parts = [
    reply.connack === undefined ? undefined : `CONNACK ${reply.connack}`,
    reply.status === undefined ? undefined : `status ${reply.status}`,
    reply.errorCode === undefined ? undefined : `error ${reply.errorCode}`,
    reply.message === undefined ? undefined : JSON.stringify(reply.message),
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function steps(attempt: AttemptRecord): string[] {
  const all = [{ name: "connected", atMs: 0 }, ...attempt.steps].map((step) => ({
    at: `+${formatMs(Math.max(0, step.atMs))}`,
    name: step.name,
  }));
  const width = Math.max(...all.map(({ at }) => at.length));
  return all.map(({ at, name }) => `  ${at.padStart(width)}  ${name}`);
}

/** The calls of the allocation webhook: request, duration and result. */
function webhookCalls({ webhookCalls: calls }: AttemptRecord, look: Look): string[] {
  if (!calls) return [];
  const width = Math.max(40, look.columns);
  const lines = calls.flatMap(({ url, status, ms, result, answer: text }) => {
    const pairs: [string, string | undefined][] = [
      ["status", status === undefined ? "none" : String(status)],
      ["took", formatMs(ms)],
      ["result", result],
      ["answer", text],
    ];
    const rows = pairs.flatMap(([name, value]) =>
      value === undefined ? [] : [`    ${name.padEnd(8)}  ${wrap(value, width - INDENT.length, INDENT)}`],
    );
    return [`  POST ${url}`, ...rows];
  });
  return [look.paint("bold", "Allocation webhook"), ...lines, ""];
}

function findings(attempt: AttemptRecord, look: Look): string[] {
  if (attempt.findings.length === 0) {
    const fine = attempt.outcome === "assigned" || attempt.outcome === "connected" || attempt.outcome === "accepted";
    return [fine ? "Nothing was wrong." : "No check found anything wrong so far."];
  }
  const title = look.paint(
    "bold",
    attempt.findings.some((each) => each.severity === "error") ? "Why" : "Worth knowing",
  );
  return [title, attempt.findings.map((each) => formatFinding(each, look)).join("\n\n")];
}

/** One finding: mark, title, the compared values, who has to act and how. */
function formatFinding(finding: Finding, look: Look): string {
  const [mark, style] = MARKS[finding.severity];
  const title = finding.consequence ? `${finding.title} (a consequence of the above)` : finding.title;
  const pairs: [string, string | undefined][] = [
    ["expected", finding.expected],
    ["got", finding.got],
    ["nearest", finding.nearest],
    ["about", aboutFinding(finding)],
    ["to act", blameWords[finding.blame]],
    ["remedy", finding.remedy],
    ["code", finding.cause === undefined ? finding.code : `${finding.code} (known cause ${finding.cause})`],
  ];
  const width = Math.max(40, look.columns);
  const lines = pairs.flatMap(([name, value]) =>
    value === undefined ? [] : [`    ${name.padEnd(8)}  ${wrapKeepingCommand(value, width - INDENT.length)}`],
  );
  const shade = (line: string) => (finding.consequence ? look.paint("dim", line) : line);
  const head = `  ${look.paint(style, mark)} ${shade(wrap(title, width - 4, "    "))}`;
  return [head, ...lines.map(shade)].join("\n");
}

const INDENT = " ".repeat(14);

/** Puts a command at the end of a remedy on its own line, unwrapped, so that it can be copied. */
function wrapKeepingCommand(text: string, width: number): string {
  const [, before, command] = /^(.*:) ((?:rollcall|openssl) .*)$/s.exec(text) ?? [];
  if (text.length <= width || before === undefined || command === undefined) return wrap(text, width, INDENT);
  return `${wrap(before, width, INDENT)}\n${INDENT}${command}`;
}
