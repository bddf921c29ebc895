import type { AttemptRecord, AttemptSummary, Finding, WebhookCall } from "@rollcall/protocol";
import { aboutFinding } from "@rollcall/protocol/attempts";
import { transportRows } from "@rollcall/protocol/transports";
import { useId, useState } from "preact/hooks";
import { getAttempt } from "../api/operator.js";
import { mechanismName } from "../model/mechanisms.js";
import { Facts, Loading, Pill, Problem, Time } from "../parts/bits.js";
import { useLoad } from "../parts/use-load.js";
import { hrefOf } from "../routing/router.js";

/** Attempts, one per row; a row opens to show all findings. Text from devices is never interpreted as markup. */
export function AttemptTable({ caption, attempts }: { caption: string; attempts: readonly AttemptSummary[] }) {
  return (
    <table class="attempts">
      <caption class="off-screen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col" class="wide-only">
            When
          </th>
          <th scope="col" class="who">
            Who
          </th>
          <th scope="col" class="wide-only how">
            How
          </th>
          <th scope="col">Outcome</th>
          <th scope="col" class="wide-only">
            First finding
          </th>
        </tr>
      </thead>
      {attempts.map((attempt) => (
        <AttemptRow key={attempt.trackingId} attempt={attempt} />
      ))}
    </table>
  );
}

function AttemptRow({ attempt }: { readonly attempt: AttemptSummary }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { registrationId, finding } = attempt;
  const who = registrationId === "" ? "(sent no id)" : registrationId;
  return (
    <tbody>
      <tr class={open ? "open" : undefined}>
        <td class="wide-only nowrap">
          <Time at={attempt.startedAt} />
        </td>
        <td>
          <button
            type="button"
            class="expand"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            onClick={() => setOpen(!open)}
          >
            <span class="chevron" aria-hidden="true" />
            <bdi class="break">{who}</bdi>
          </button>
          <div class="narrow-only small-text">
            <Time at={attempt.startedAt} /> · {howOf(attempt)}
            {finding && <p>{finding.title}</p>}
          </div>
        </td>
        <td class="wide-only">{howOf(attempt)}</td>
        <td>
          <Pill state={attempt.outcome} />
        </td>
        <td class="wide-only">
          {finding ? <FindingLine finding={finding} more={attempt.findings - 1} /> : <span class="faint">–</span>}
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={5} id={id} class="detail">
            <AttemptDetail attempt={attempt} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

function howOf({ transport, attestation, at }: AttemptSummary): string {
  const parts = [
    transportRows[transport].label,
    attestation && mechanismName(attestation),
    at === "hub" && "at the hub",
  ];
  return parts.filter(Boolean).join(", ");
}

function FindingLine({ finding, more }: { readonly finding: Finding; readonly more: number }) {
  return (
    <>
      <bdi>{finding.title}</bdi>
      {more > 0 && <span class="faint"> and {more} more</span>}
    </>
  );
}

function AttemptDetail({ attempt }: { readonly attempt: AttemptSummary }) {
  // Loads the attempt again whenever its row changes.
  const key = [attempt.trackingId, attempt.outcome, attempt.findings, attempt.lastStepMs].join(" ");
  const { value, error, reload } = useLoad(key, (signal) => getAttempt(attempt.trackingId, signal));
  if (error) return <Problem text={error} onRetry={reload} />;
  if (!value) return <Loading what="the findings" />;
  return (
    <>
      {value.findings.length === 0 && <p>No problem was found.</p>}
      <ol class="findings">
        {value.findings.map((finding) => (
          <li key={`${finding.code} ${finding.subject ?? ""}`}>
            <FindingDetail finding={finding} />
          </li>
        ))}
      </ol>
      <AttemptFacts attempt={value} />
    </>
  );
}

function FindingDetail({ finding }: { readonly finding: Finding }) {
  return (
    <>
      <p class="finding-head">
        <Pill state={finding.consequence ? "consequence" : finding.severity} /> <strong>{finding.title}</strong>{" "}
        <code class="faint">{finding.code}</code>
      </p>
      <Facts
        rows={[
          ["About", aboutFinding(finding)],
          ["Expected", finding.expected],
          ["Got", finding.got],
          ["Nearest", finding.nearest],
          ["Who has to act", finding.blame],
          ["Remedy", finding.remedy],
        ]}
      />
    </>
  );
}

function AttemptFacts({ attempt }: { readonly attempt: AttemptRecord }) {
  const { reply, enrollment } = attempt;
  const answer = reply && [
    reply.status !== undefined && `status ${reply.status}`,
    reply.connack !== undefined && `CONNACK ${reply.connack}`,
    reply.errorCode !== undefined && `error ${reply.errorCode}`,
    reply.message,
  ];
  return (
    <Facts
      rows={[
        ["Answered", answer?.filter(Boolean).join(", ")],
        [
          "Enrollment",
          enrollment && (
            <a key="2" href={hrefOf({ page: "enrollment", ...enrollment, tab: "settings" })}>
              {`${enrollment.id} (${enrollment.kind === "group" ? "group" : "individual"})`}
            </a>
          ),
        ],
        ["Assigned hub", attempt.assignedHub],
        ["Device ID", attempt.deviceId],
        ["ID scope", attempt.idScope],
        ["From", attempt.remote],
        ["Client", attempt.clientVersion],
        ["API version", attempt.apiVersion],
        ["Webhook", attempt.webhookCalls?.map(webhookText).join("; ")],
        ["Steps", attempt.steps.map(({ name, atMs }) => `${name} at ${atMs} ms`).join(" → ")],
        ["Tracking ID", <code key="1">{attempt.trackingId}</code>],
      ]}
    />
  );
}

function webhookText({ url, status, ms, result }: WebhookCall): string {
  return `${url}: ${[status !== undefined && `status ${status}`, `${ms} ms`, result].filter(Boolean).join(", ")}`;
}
