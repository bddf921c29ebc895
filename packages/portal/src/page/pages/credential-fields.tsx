import type { AttestationKind, EnrollmentKind } from "@rollcall/protocol";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort, messageOf } from "../api/client.js";
import {
  type CertificateReading,
  type EndorsementKeyFacts,
  inspectEndorsementKey,
  listCertificates,
} from "../api/operator.js";
import type { Credentials } from "../model/draft.js";
import { generateKey } from "../model/keys.js";
import { compact, sentenceOf } from "../model/words.js";
import { Facts } from "../parts/bits.js";
import { CertificateFile } from "../parts/certificate-file.js";
import { Checkbox, SelectField, TextArea, TextField } from "../parts/field.js";
import { RadioGroup } from "../parts/radio-group.js";
import type { Form } from "../parts/use-form.js";
import { useLoad } from "../parts/use-load.js";

/** The part of a form that edits credentials. */
export type CredentialForm = Pick<Form<Credentials>, "values" | "faults" | "set">;

interface Props {
  readonly kind: EnrollmentKind;
  readonly form: CredentialForm;
  /** Called with the registration id that the credentials contain. */
  readonly onIdentity: (registrationId: string) => void;
}

const fieldsOf: Readonly<Record<AttestationKind, (props: Props) => ComponentChildren>> = {
  x509: (props) => <X509Fields {...props} />,
  tpm: (props) => <EndorsementKeyField {...props} />,
  symmetricKey: (props) => <KeyFields {...props} />,
};

/** The fields of the chosen security mechanism. */
export const CredentialFields = (props: Props) => <>{fieldsOf[props.form.values.mechanism](props)}</>;

const sourceChoices = [
  { value: "certificates", label: "Certificate", hint: "Upload the root or intermediate certificate." },
  {
    value: "caReferences",
    label: "CA certificate of this service",
    hint: "Refer to an uploaded and verified CA certificate.",
  },
] as const;

function X509Fields({ kind, form, onIdentity }: Props) {
  const { values, faults, set } = form;
  const byReference = kind === "group" && values.x509Source === "caReferences";
  const wanted = kind === "group" ? "ca" : "leaf";
  const whose = kind === "group" ? "Root or intermediate certificate" : "The device's own certificate";
  const leafIdentity = (reading: CertificateReading | undefined) =>
    kind === "individual" && reading && onIdentity(reading.commonName ?? "");
  return (
    <>
      {kind === "group" && (
        <RadioGroup
          legend="Certificate authority"
          value={values.x509Source}
          choices={sourceChoices}
          // The file fields are created again, and are empty.
          onChange={(x509Source) => set({ x509Source, primaryCertificate: "", secondaryCertificate: "" })}
        />
      )}
      {byReference ? (
        <ReferenceFields form={form} />
      ) : (
        <div class="pair">
          <CertificateFile
            label="Primary certificate"
            hint={`${whose}, a .pem or .cer file.`}
            wanted={wanted}
            fault={faults.primaryCertificate}
            onChange={(primaryCertificate, reading) => {
              set({ primaryCertificate });
              leafIdentity(reading);
            }}
          />
          <CertificateFile
            label="Secondary certificate (optional)"
            hint="Accepted in addition to the primary one, to roll over without a gap."
            wanted={wanted}
            fault={faults.secondaryCertificate}
            onChange={(secondaryCertificate) => set({ secondaryCertificate })}
          />
        </div>
      )}
    </>
  );
}

function ReferenceFields({ form }: { readonly form: CredentialForm }) {
  const { values, faults, set } = form;
  return (
    <div class="pair">
      <ReferenceField
        label="Primary CA certificate"
        value={values.primaryReference}
        fault={faults.primaryReference}
        onChange={(primaryReference) => set({ primaryReference })}
      />
      <ReferenceField
        label="Secondary CA certificate (optional)"
        value={values.secondaryReference}
        fault={faults.secondaryReference}
        onChange={(secondaryReference) => set({ secondaryReference })}
      />
    </div>
  );
}

/** Chooses one of the service's verified CA certificates. */
export function ReferenceField(props: {
  readonly label: string;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onChange: (name: string) => void;
}) {
  const { value: loaded, error } = useLoad("certificates", listCertificates);
  const verified = loaded?.filter(({ properties }) => properties.isVerified) ?? [];
  const choices = verified.map(({ name, properties }) => ({
    value: name,
    label: properties.subject ? `${name} (${properties.subject})` : name,
  }));
  const isEmpty = loaded !== undefined && verified.length === 0;
  return (
    <SelectField
      label={props.label}
      value={props.value}
      hint={isEmpty ? <>There is no verified CA certificate yet: upload one under Certificates first.</> : undefined}
      choices={[{ value: "", label: "Choose …" }, ...choices]}
      fault={props.fault ?? error}
      onChange={props.onChange}
    />
  );
}

const TYPING_MS = 300;

/** The endorsement key; its facts and its registration id are shown while the user types. */
function EndorsementKeyField({ form, onIdentity }: Props) {
  const { endorsementKey } = form.values;
  const [reading, setReading] = useState<EndorsementKeyFacts | undefined>();
  const [fault, setFault] = useState<string | undefined>();
  const tell = useRef(onIdentity);
  tell.current = onIdentity;
  useEffect(() => {
    setReading(undefined);
    setFault(undefined);
    if (endorsementKey.trim() === "") return undefined;
    const abort = new AbortController();
    const inspect = async () => {
      try {
        const read = await inspectEndorsementKey(compact(endorsementKey), abort.signal);
        setReading(read);
        tell.current(read.registrationId);
      } catch (error) {
        if (!isAbort(error)) setFault(sentenceOf(messageOf(error), "endorsementKey"));
      }
    };
    const timer = setTimeout(() => void inspect(), TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [endorsementKey]);
  return (
    <>
      <TextArea
        label="Endorsement key"
        hint="The public part (TPM2B_PUBLIC) in base64, as the device's TPM tool prints it."
        rows={5}
        required
        value={endorsementKey}
        fault={fault ?? form.faults.endorsementKey}
        onInput={(text) => form.set({ endorsementKey: text })}
      />
      <div aria-live="polite">{reading && <KeyReading reading={reading} />}</div>
    </>
  );
}

function KeyReading({ reading }: { readonly reading: EndorsementKeyFacts }) {
  const { registrationId, keyAlgorithm, keySize, notes = [] } = reading;
  return (
    <div class="reading">
      <Facts
        rows={[
          ["Key", keyAlgorithm && [keyAlgorithm, keySize && `${keySize} bits`].filter(Boolean).join(", ")],
          ["Registration ID", <code key="1">{registrationId}</code>],
        ]}
      />
      {notes.map((note) => (
        <p key={note} class="box warn">
          {note}
        </p>
      ))}
    </div>
  );
}

function KeyFields({ form }: Props) {
  const { values, faults, set } = form;
  return (
    <>
      <Checkbox
        label="Generate keys"
        hint="The service makes both keys when the enrollment is saved; they are shown under Credentials."
        checked={values.generateKeys}
        onChange={(generateKeys) => set({ generateKeys })}
      />
      {!values.generateKeys && (
        <div class="pair">
          <KeyField
            label="Primary key"
            value={values.primaryKey}
            fault={faults.primaryKey}
            onInput={(primaryKey) => set({ primaryKey })}
          />
          <KeyField
            label="Secondary key"
            value={values.secondaryKey}
            fault={faults.secondaryKey}
            onInput={(secondaryKey) => set({ secondaryKey })}
          />
        </div>
      )}
    </>
  );
}

export function KeyField(props: {
  readonly label: string;
  readonly value: string;
  readonly fault: string | undefined;
  readonly onInput: (value: string) => void;
}) {
  return (
    <TextField
      {...props}
      hint="base64 of 16 to 64 bytes."
      code
      action={
        <button
          type="button"
          aria-label={`Generate ${props.label.toLowerCase()}`}
          onClick={() => props.onInput(generateKey())}
        >
          Generate
        </button>
      }
    />
  );
}
