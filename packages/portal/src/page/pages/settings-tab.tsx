import type { EnrollmentKind } from "@rollcall/protocol";
import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../api/client.js";
import { type Enrollment, getEnrollment, replaceEnrollment } from "../api/enrollments.js";
import { checkSettings } from "../model/check.js";
import { type Settings, settingsOf } from "../model/draft.js";
import { withSettings } from "../model/to-enrollment.js";
import { announce } from "../parts/announce.js";
import { Card, Problem } from "../parts/bits.js";
import { Conflict, type ConflictKind, conflictOf } from "../parts/conflict.js";
import { useForm } from "../parts/use-form.js";
import { useLeaveGuard } from "../parts/use-leave-guard.js";
import type { Loaded } from "../parts/use-load.js";
import { DeviceIdField, SettingsFields } from "./settings-fields.js";

interface Props {
  readonly kind: EnrollmentKind;
  readonly id: string;
  readonly loaded: Loaded<Enrollment> & { readonly value: Enrollment };
}

/** Edits everything but the credentials. Saving replaces only the version that was read. */
function useSettingsForm({ kind, id, loaded }: Props) {
  const { value, reload } = loaded;
  // The version that the user's edits began from. The summary may show a newer version, which does not replace it.
  const [base, setBase] = useState(value);
  const [conflict, setConflict] = useState<ConflictKind | undefined>();
  const form = useForm<Settings>(settingsOf(base));
  const dirty = JSON.stringify(form.values) !== JSON.stringify(settingsOf(base));
  const begin = (from: Enrollment) => {
    setBase(from);
    setConflict(undefined);
    form.replace(settingsOf(from));
  };
  useEffect(() => {
    if (!dirty && value.etag !== base.etag) begin(value);
  }, [value]);
  const put = async (source: Enrollment, settings: Settings) => {
    try {
      const saved = await replaceEnrollment(kind, id, withSettings(kind, source, settings), source.etag);
      setBase(saved);
      setConflict(undefined);
      form.settle(settings, settingsOf(saved));
      announce(`${id} is saved.`);
      reload();
    } catch (error) {
      const found = await conflictOf(kind, id, error);
      if (!found) throw error;
      setConflict(found);
    }
  };
  return {
    ...{ form, dirty, conflict },
    save: () => form.submit(checkSettings, (settings) => put(base, settings)),
    discard: () => begin(value),
    loadTheirs: async () => {
      try {
        begin(await getEnrollment(kind, id));
      } catch (error) {
        form.setFaults({ form: messageOf(error) });
      }
    },
    overwrite: () => form.submit(checkSettings, async (settings) => put(await getEnrollment(kind, id), settings)),
  };
}

export function SettingsTab(props: Props) {
  const { kind, id } = props;
  const { form, dirty, conflict, save, discard, loadTheirs, overwrite } = useSettingsForm(props);
  useLeaveGuard(dirty);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {conflict && <Conflict kind={conflict} onLoadTheirs={loadTheirs} onOverwrite={overwrite} />}
      {form.faults.form && <Problem text={form.faults.form} />}
      <Card title="Settings">
        {kind === "individual" && <DeviceIdField form={form} fallback={id} />}
        <SettingsFields kind={kind} form={form} />
      </Card>
      <div class="actions sticky">
        <button type="submit" class="primary" disabled={form.busy || !dirty}>
          {form.busy ? "Saving …" : "Save"}
        </button>
        <button type="button" disabled={form.busy || !dirty} onClick={discard}>
          Discard changes
        </button>
        <span class="faint" aria-live="polite">
          {dirty ? "Not saved yet" : ""}
        </span>
      </div>
    </form>
  );
}
