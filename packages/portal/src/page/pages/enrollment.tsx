import type { EnrollmentKind } from "@rollcall/protocol";
import { isGone, isStale, messageOf } from "../api/client.js";
import { deleteEnrollment, type Enrollment, getEnrollment } from "../api/enrollments.js";
import { kindWords, reprovisionChoices } from "../model/choices.js";
import { reprovisionOf } from "../model/draft.js";
import { mechanismText } from "../model/mechanisms.js";
import { announce } from "../parts/announce.js";
import { Card, Facts, Loading, Pill, Problem, Time } from "../parts/bits.js";
import { confirm } from "../parts/confirm.js";
import { PlaceTabs } from "../parts/tabs.js";
import { type Loaded, useLoad } from "../parts/use-load.js";
import { useTitle } from "../parts/use-title.js";
import { type EnrollmentTab, goTo, hrefOf } from "../routing/router.js";
import { CredentialsTab } from "./credentials-tab.js";
import { allocationOf } from "./enrollment-table.js";
import { RegistrationsTab } from "./registrations-tab.js";
import { SettingsTab } from "./settings-tab.js";

interface Shown {
  readonly kind: EnrollmentKind;
  readonly id: string;
}

const tabLabels: Readonly<Record<EnrollmentTab, string>> = {
  settings: "Settings",
  credentials: "Credentials",
  registrations: "Registration records",
};

/** One enrollment: a summary, and tabs for settings, credentials and registration records. */
export function EnrollmentPage({ kind, id, tab }: Shown & { readonly tab: EnrollmentTab }) {
  const words = kindWords[kind];
  useTitle(id);
  const loaded = useLoad(`${kind} ${id}`, (signal) => getEnrollment(kind, id, signal));
  const { value, error, reload } = loaded;
  return (
    <>
      <p class="crumbs">
        <a href={hrefOf({ page: "list", kind })}>{words.many}</a>
      </p>
      <div class="page-head">
        <h1 class="break">
          {id} {value && <Pill state={value.provisioningStatus ?? "enabled"} />}
        </h1>
        {value && (
          <button type="button" class="danger" onClick={() => void remove({ kind, id }, value, reload)}>
            Delete
          </button>
        )}
      </div>
      {error && <Problem text={error} onRetry={reload} />}
      {!value && error && (
        <p>
          <a class="button" href={hrefOf({ page: "list", kind })}>
            Show all {words.many.toLowerCase()}
          </a>
        </p>
      )}
      {!value && !error && <Loading what={`the ${words.one}`} />}
      {value && <Summary kind={kind} enrollment={value} />}
      {value && <Parts kind={kind} id={id} tab={tab} />}
      {value && <Tab kind={kind} id={id} tab={tab} loaded={{ ...loaded, value }} />}
    </>
  );
}

function Parts({ kind, id, tab }: Shown & { readonly tab: EnrollmentTab }) {
  return (
    <PlaceTabs
      label={`Parts of ${id}`}
      tabs={Object.entries(tabLabels).map(([name, label]) => ({
        label,
        // A cast: the keys of the table are the tabs.
        place: { page: "enrollment", kind, id, tab: name as EnrollmentTab },
        current: name === tab,
      }))}
    />
  );
}

function Tab(props: Shown & { tab: EnrollmentTab; loaded: Loaded<Enrollment> & { value: Enrollment } }) {
  const { kind, id, tab, loaded } = props;
  if (tab === "credentials") return <CredentialsTab kind={kind} id={id} loaded={loaded} />;
  if (tab === "registrations") return <RegistrationsTab kind={kind} id={id} />;
  return <SettingsTab kind={kind} id={id} loaded={loaded} />;
}

async function remove({ kind, id }: Shown, enrollment: Enrollment, reload: () => void): Promise<void> {
  const words = kindWords[kind];
  const yes = await confirm({
    title: `Delete the ${words.one} ${id}?`,
    text: `${kind === "group" ? "Its devices" : "The device"} cannot register with it again. Devices that are connected now stay connected.`,
    danger: true,
  });
  if (!yes) return;
  try {
    await deleteEnrollment(kind, id, enrollment.etag);
    announce(`The ${words.one} ${id} is deleted.`);
    goTo({ page: "list", kind });
  } catch (error) {
    if (isGone(error)) {
      announce(`The ${words.one} ${id} was already deleted.`);
      return goTo({ page: "list", kind });
    }
    const changed = isStale(error);
    announce(changed ? "It was changed meanwhile and was not deleted. Check it again." : messageOf(error), "failed");
    if (changed) reload();
  }
}

function Summary({ kind, enrollment }: { readonly kind: EnrollmentKind; readonly enrollment: Enrollment }) {
  const { iotHubs, registrationState: state } = enrollment;
  const reprovision = reprovisionOf(enrollment.reprovisionPolicy);
  return (
    <Card title="Summary">
      <Facts
        wide
        rows={[
          ["Security mechanism", mechanismText(enrollment.attestation)],
          ["Device ID", kind === "individual" && (enrollment.deviceId || enrollment.registrationId)],
          ["IoT hubs", iotHubs && iotHubs.length > 0 ? iotHubs.join(", ") : "any linked hub"],
          ["Allocation", allocationOf(enrollment)],
          ["Registering again", reprovisionChoices.find(({ value }) => value === reprovision)?.label],
          ["IoT Edge", enrollment.capabilities?.iotEdge ? "yes" : "no"],
          ["Assigned hub", state?.assignedHub],
          ["Created", enrollment.createdDateTimeUtc && <Time at={enrollment.createdDateTimeUtc} />],
          ["Last change", enrollment.lastUpdatedDateTimeUtc && <Time at={enrollment.lastUpdatedDateTimeUtc} />],
        ]}
      />
    </Card>
  );
}
