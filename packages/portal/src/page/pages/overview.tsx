import { getCa, getCounts, getInfo, listAttempts, type ServiceInfo } from "../api/operator.js";
import { countOf, formatFingerprint } from "../model/words.js";
import { Card, Facts, Fingerprint, Loading, Problem } from "../parts/bits.js";
import { Copyable, CopyButton, Secret } from "../parts/copy.js";
import { useLoad } from "../parts/use-load.js";
import { useTitle } from "../parts/use-title.js";
import { hrefOf, type Place } from "../routing/router.js";
import { AttemptTable } from "./attempt-table.js";

const LAST_ATTEMPTS = 6;

export function OverviewPage() {
  useTitle("Overview");
  const info = useLoad("info", getInfo);
  return (
    <>
      <h1>Overview</h1>
      {info.error && <Problem text={info.error} onRetry={info.reload} />}
      {!info.value && !info.error && <Loading what="the service's facts" />}
      {info.value && <Counts />}
      {info.value && (
        <div class="columns">
          <Endpoints info={info.value} />
          <Trust info={info.value} />
        </div>
      )}
      {info.value && <LastAttempts />}
    </>
  );
}

function Endpoints({ info }: { readonly info: ServiceInfo }) {
  return (
    <Card title="Connect">
      <Facts
        rows={[
          ["Service endpoint", <Copyable key="1" what="service endpoint" text={info.serviceEndpoint} />],
          ["Device endpoint", <Copyable key="2" what="device endpoint" text={info.deviceEndpoint} />],
          ["ID scope", <Copyable key="3" what="ID scope" text={info.idScope} />],
          ["Connection string", <Secret key="4" what="connection string" text={info.connectionString} />],
          ["Linked hubs", info.hubs.join(", ")],
          ["HTTPS and WebSocket", `port ${info.ports.https}`],
        ]}
      />
    </Card>
  );
}

function Trust({ info }: { readonly info: ServiceInfo }) {
  const download = (
    <span class="actions">
      <a class="button small" href="/ca.pem" download="rollcall-ca.pem">
        Download
      </a>
      <CopyButton what="CA certificate" text={getCa} />
    </span>
  );
  return (
    <Card title="CA to trust" actions={download}>
      <p class="hint">Devices and SDKs must trust this certificate to reach the service over TLS.</p>
      <Facts
        rows={[
          ["Path", <Copyable key="1" what="path of the CA certificate" text={info.caPath} />],
          [
            "SHA-256",
            <Copyable key="2" what="fingerprint of the CA certificate" text={formatFingerprint(info.caFingerprint)}>
              <Fingerprint hex={info.caFingerprint} />
            </Copyable>,
          ],
        ]}
      />
    </Card>
  );
}

function Counts() {
  const { value, error, reload } = useLoad("counts", getCounts);
  if (error) return <Problem text={error} onRetry={reload} />;
  const tiles: readonly (readonly [string, number | undefined, Place?])[] = [
    ["Enrollment groups", value?.enrollmentGroups, { page: "list", kind: "group" }],
    ["Individual enrollments", value?.individualEnrollments, { page: "list", kind: "individual" }],
    ["Registered devices", value?.registrations],
    ["CA certificates", value?.certificates, { page: "certificates" }],
  ];
  return (
    <ul class="tiles">
      {tiles.map(([label, count, place]) => (
        <li key={label}>
          <a class="tile" {...(place && { href: hrefOf(place) })}>
            <span class="tile-count">{count === undefined ? "…" : count.toLocaleString("en")}</span>
            <span>{label}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function LastAttempts() {
  const { value, error, reload } = useLoad("attempts", (signal) => listAttempts({ limit: LAST_ATTEMPTS }, signal));
  const actions = (
    <a class="button small" href={hrefOf({ page: "attempts" })}>
      All attempts, live
    </a>
  );
  return (
    <Card title="Last attempts" actions={actions}>
      {error && <Problem text={error} onRetry={reload} />}
      {value?.items.length === 0 && <p class="faint">No device has tried to register yet.</p>}
      {value && value.items.length > 0 && (
        <AttemptTable caption={`The last ${countOf(value.items.length, "attempt")}`} attempts={value.items} />
      )}
    </Card>
  );
}
