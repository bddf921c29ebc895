import type { EnrollmentKind } from "@rollcall/protocol";
import { idKey } from "@rollcall/protocol/ids";
import { enrollmentKinds } from "@rollcall/protocol/service-routes";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/client.js";
import { createEnrollment } from "../api/enrollments.js";
import { checkDraft } from "../model/check.js";
import { kindWords } from "../model/choices.js";
import { type Draft, emptyDraft, unusableFile } from "../model/draft.js";
import { mechanismChoices } from "../model/mechanisms.js";
import { newEnrollment } from "../model/to-enrollment.js";
import { announce } from "../parts/announce.js";
import { Card, Problem } from "../parts/bits.js";
import { TextField } from "../parts/field.js";
import { justSaved } from "../parts/just-saved.js";
import { RadioGroup } from "../parts/radio-group.js";
import { type Form, useForm } from "../parts/use-form.js";
import { useLeaveGuard } from "../parts/use-leave-guard.js";
import { useTitle } from "../parts/use-title.js";
import { goTo, hrefOf } from "../routing/router.js";
import { CredentialFields } from "./credential-fields.js";
import { DeviceIdField, SettingsFields } from "./settings-fields.js";

/** The form of a new enrollment. */
export function AddPage({ kind }: { readonly kind: EnrollmentKind }) {
  const words = kindWords[kind];
  useTitle(`Add ${words.one}`);
  const initial = useRef(emptyDraft([]));
  const form = useForm<Draft>(initial.current);
  // The guard also holds while saving: the service may ask for a new token, and the form stays meanwhile.
  useLeaveGuard(JSON.stringify(form.values) !== JSON.stringify(initial.current));
  const save = async () => {
    const saved = await form.submit(
      (draft) => checkDraft(kind, draft),
      (draft) => create(kind, draft),
    );
    if (!saved) return;
    const id = form.values.id.trim();
    announce(`The ${words.one} ${id} is saved.`);
    justSaved.value = { kind, id };
    goTo({ page: "list", kind });
  };
  return (
    <>
      <p class="crumbs">
        <a href={hrefOf({ page: "list", kind })}>{words.many}</a>
      </p>
      <h1>Add {words.one}</h1>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {form.faults.form && <Problem text={form.faults.form} />}
        <IdentityCard kind={kind} form={form} />
        <Card title="Assignment">
          <SettingsFields kind={kind} form={form} />
        </Card>
        <div class="actions sticky">
          <button type="submit" class="primary" disabled={form.busy}>
            {form.busy ? "Saving …" : "Save"}
          </button>
          <a class="button" href={hrefOf({ page: "list", kind })}>
            Cancel
          </a>
        </div>
      </form>
    </>
  );
}

/** Creates an enrollment and never replaces an existing one, since the user wants to add one. */
async function create(kind: EnrollmentKind, draft: Draft): Promise<void> {
  const id = draft.id.trim();
  try {
    await createEnrollment(kind, id, newEnrollment(kind, draft));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const message = `There is already an ${kindWords[kind].one} ${id}. Choose another name, or open the existing one to edit it.`;
    throw new ApiError(409, message, { info: { path: enrollmentKinds[kind].id } });
  }
}

function IdentityCard({ kind, form }: { readonly kind: EnrollmentKind; readonly form: Form<Draft> }) {
  const words = kindWords[kind];
  const { values, faults, set } = form;
  // A new credential may replace an id that was read from the old one, but not an id that the user typed.
  const filled = useRef<string | undefined>(undefined);
  const [named, setNamed] = useState<string | undefined>();
  const onIdentity = (registrationId: string) => {
    if (kind !== "individual") return;
    setNamed(registrationId);
    if (values.id !== "" && values.id !== filled.current) return;
    filled.current = registrationId;
    set({ id: registrationId });
  };
  useEffect(() => {
    filled.current = undefined;
  }, [kind]);
  return (
    <Card title="Identity">
      <RadioGroup
        legend="Security mechanism"
        value={values.mechanism}
        choices={mechanismChoices[kind]}
        fault={faults.mechanism}
        // The file fields are created again, and are empty.
        onChange={(mechanism) => set({ mechanism, primaryCertificate: "", secondaryCertificate: "" })}
      />
      <CredentialFields kind={kind} form={form} onIdentity={onIdentity} />
      <div class="pair">
        <TextField
          label={words.id}
          hint="1 to 128 letters, digits and - . _ : ; case is ignored."
          code
          required
          value={values.id}
          fault={faults.id}
          onInput={(id) => set({ id })}
        />
        {kind === "individual" && <DeviceIdField form={form} fallback={values.id.trim()} />}
      </div>
      <div aria-live="polite">
        <NameWarning values={values} commonName={named} />
      </div>
    </Card>
  );
}

/**
 * Warns when the id differs from the certificate's common name, by which the device registers (wire.md#common-name).
 */
function NameWarning({ values, commonName }: { readonly values: Draft; readonly commonName: string | undefined }) {
  const { primaryCertificate, id } = values;
  // Choosing another mechanism empties the field, so a certificate here is that of the device.
  const isRead = primaryCertificate !== "" && primaryCertificate !== unusableFile;
  if (!isRead || commonName === undefined) return null;
  if (commonName === "") {
    return (
      <p class="box warn">
        The certificate has no common name (CN). The device is refused unless the CN is the registration id.
      </p>
    );
  }
  if (id.trim() === "" || idKey(id.trim()) === idKey(commonName)) return null;
  return (
    <p class="box warn">
      The common name (CN) of the certificate is <bdi>{commonName}</bdi>. It has to be the registration id, or the
      device is refused.
    </p>
  );
}
