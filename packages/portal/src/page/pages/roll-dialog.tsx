import { hasSecrets, isAttestationKind } from "@rollcall/protocol/attestation-kinds";
import { useState } from "preact/hooks";
import { ApiError, isStale } from "../api/client.js";
import { type Attestation, getMechanism, replaceEnrollment } from "../api/enrollments.js";
import { checkCredentials } from "../model/check.js";
import { type Credentials, emptyCredentials, unusableFile } from "../model/draft.js";
import { rolled, stillRead, wayOf } from "../model/mechanisms.js";
import { type Slot, slotWords, type Way } from "../model/roll.js";
import { compact } from "../model/words.js";
import { announce } from "../parts/announce.js";
import { Problem } from "../parts/bits.js";
import { CertificateFile } from "../parts/certificate-file.js";
import { Dialog } from "../parts/dialog.js";
import { type Form, useForm } from "../parts/use-form.js";
import { useLeaveGuard } from "../parts/use-leave-guard.js";
import { CredentialFields, KeyField, ReferenceField } from "./credential-fields.js";
import type { CredentialsProps } from "./credentials-props.js";

/** Replaces one credential, only if the enrollment still has the shown version. */
export function RollDialog(props: CredentialsProps & { readonly slot: Slot; readonly onClose: () => void }) {
  const { kind, id, loaded, slot, onClose } = props;
  const { attestation } = loaded.value;
  const way = wayOf(attestation);
  const [initial] = useState<Credentials>({
    ...emptyCredentials,
    ...(isAttestationKind(attestation.type) && { mechanism: attestation.type }),
    x509Source: way === "reference" ? "caReferences" : "certificates",
    generateKeys: false,
  });
  const form = useForm<Credentials>(initial);
  useLeaveGuard(JSON.stringify(form.values) !== JSON.stringify(initial));
  const what = way === "endorsement key" ? way : `${slotWords[slot].word} ${way}`;
  const verb = isEmpty(attestation, slot) ? "Add" : "Replace";
  const save = async () => {
    const done = await form.submit(
      (values) => checkRoll(values, slot, way),
      (values) => replace(props, credentialOf(values, slot, way)),
    );
    if (!done) return;
    announce(`The ${what} of ${id} is ${verb === "Add" ? "added" : "replaced"}.`);
    loaded.reload();
    onClose();
  };
  return (
    <Dialog title={`${verb} the ${what}`} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {verb === "Replace" && (
          <p class="box warn">
            {way === "endorsement key"
              ? "After that, a device with the old key is refused."
              : `After that, devices that use the old ${what} are refused; devices with the ${slotWords[slot].other} one are not.`}
          </p>
        )}
        {form.faults.form && <Problem text={form.faults.form} />}
        <RollFields kind={kind} form={form} slot={slot} way={way} />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={form.busy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** True when the slot has no credential yet. Only certificates and references can lack one; keys always have both. */
function isEmpty({ x509 }: Attestation, slot: Slot): boolean {
  const pair = x509?.caReferences ?? x509?.signingCertificates ?? x509?.clientCertificates;
  return pair !== undefined && pair !== null && !pair[slot];
}

/** Checks the one credential of the dialog, as the primary one of a new enrollment is checked. */
function checkRoll(values: Credentials, slot: Slot, way: Way) {
  if (way === "endorsement key") return checkCredentials("individual", values);
  const field = fieldFor(slot, way);
  if (values[field] === unusableFile) return { [field]: stillRead };
  return values[field].trim() === "" ? { [field]: `The ${way} is missing.` } : {};
}

function fieldFor(slot: Slot, way: Way) {
  if (way === "key") return slot === "primary" ? "primaryKey" : "secondaryKey";
  if (way === "reference") return slot === "primary" ? "primaryReference" : "secondaryReference";
  if (way === "endorsement key") return "endorsementKey";
  return slot === "primary" ? "primaryCertificate" : "secondaryCertificate";
}

function credentialOf(values: Credentials, slot: Slot, way: Way): string {
  const text = values[fieldFor(slot, way)];
  return way === "certificate" ? text : compact(text);
}

async function replace(
  { kind, id, loaded, slot }: CredentialsProps & { slot: Slot },
  credential: string,
): Promise<void> {
  const { value } = loaded;
  const { attestation } = value;
  // The enrollment as it was read has no keys, but the request must include the key that stays.
  const current = hasSecrets(attestation.type) ? await getMechanism(kind, id) : attestation;
  try {
    await replaceEnrollment(kind, id, { ...value, attestation: rolled(current, slot, credential) }, value.etag);
  } catch (error) {
    if (!isStale(error)) throw error;
    loaded.reload();
    const message =
      "Another user changed this enrollment meanwhile, so nothing was replaced. Check it again, then replace.";
    throw new ApiError(412, message);
  }
}

function RollFields(props: {
  readonly kind: CredentialsProps["kind"];
  readonly form: Form<Credentials>;
  readonly slot: Slot;
  readonly way: Way;
}) {
  const { kind, form, slot, way } = props;
  const field = fieldFor(slot, way);
  if (way === "key") {
    return (
      <KeyField
        label={`New ${slot} key`}
        value={form.values[field]}
        fault={form.faults[field]}
        onInput={(text) => form.set({ [field]: text })}
      />
    );
  }
  if (way === "certificate") {
    return (
      <CertificateFile
        label={`New ${slot} certificate`}
        hint="A .pem or .cer file."
        wanted={kind === "group" ? "ca" : "leaf"}
        fault={form.faults[field]}
        onChange={(text) => form.set({ [field]: text })}
      />
    );
  }
  if (way === "reference") {
    return (
      <ReferenceField
        label={`New ${slot} CA certificate`}
        value={form.values[field]}
        fault={form.faults[field]}
        onChange={(name) => form.set({ [field]: name })}
      />
    );
  }
  return <CredentialFields kind={kind} form={form} onIdentity={() => undefined} />;
}
