import { useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.js";
import { type CaCertificate, createCertificate, verifyCertificate } from "../api/operator.js";
import { unusableFile } from "../model/draft.js";
import { stillRead } from "../model/mechanisms.js";
import { sentenceOf } from "../model/words.js";
import { announce } from "../parts/announce.js";
import { Problem } from "../parts/bits.js";
import { CertificateFile } from "../parts/certificate-file.js";
import { Copyable } from "../parts/copy.js";
import { Dialog } from "../parts/dialog.js";
import { Checkbox, TextField } from "../parts/field.js";
import { focusContent } from "../parts/focus-content.js";
import { focusFirstFault } from "../parts/use-form.js";
import { useLeaveGuard } from "../parts/use-leave-guard.js";

interface Faults {
  readonly name?: string;
  readonly certificate?: string;
  readonly form?: string;
}

/** Assigns the service's refusal to a field; the members of the body have the names of the fields. */
function faultsOf(error: unknown): Faults {
  const message = messageOf(error);
  const path = error instanceof ApiError ? (error.info["path"] ?? (error.info["name"] && "name")) : undefined;
  if (path?.startsWith("certificate")) return { certificate: sentenceOf(message, "certificate") };
  return path === "name" ? { name: sentenceOf(message, "name") } : { form: message };
}

/** The service checks names; only a name of dots is refused here, since it would change the path of the request. */
function checkName(name: string): Faults {
  if (name === "") return { name: "The name is missing." };
  return /^\.+$/.test(name) ? { name: "A name needs a letter or a digit besides the dots." } : {};
}

export function UploadDialog({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const [name, setName] = useState("");
  const [certificate, setCertificate] = useState("");
  const [isVerified, setVerified] = useState(false);
  const [faults, setFaults] = useState<Faults>({});
  const [busy, setBusy] = useState(false);
  useLeaveGuard(name !== "" || certificate !== "");
  const refuse = (found: Faults) => {
    setFaults(found);
    focusFirstFault();
  };
  const upload = async () => {
    const missing: Faults = {
      ...checkName(name.trim()),
      ...(certificate === "" && { certificate: "The certificate is missing." }),
      ...(certificate === unusableFile && { certificate: stillRead }),
    };
    if (Object.keys(missing).length > 0) return refuse(missing);
    setFaults({});
    setBusy(true);
    try {
      await createCertificate(name.trim(), { certificate, isVerified });
      announce(`The certificate ${name.trim()} is uploaded.`);
      onDone();
      onClose();
    } catch (error) {
      refuse(faultsOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title="Upload a CA certificate" onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void upload();
        }}
      >
        {faults.form && <Problem text={faults.form} />}
        <TextField
          label="Name"
          hint="1 to 64 letters, digits and - . _"
          required
          value={name}
          fault={faults.name}
          onInput={setName}
        />
        <CertificateFile
          label="Certificate"
          hint="Root or intermediate certificate, a .pem or .cer file."
          wanted="ca"
          fault={faults.certificate}
          onChange={setCertificate}
        />
        <Checkbox
          label="Set certificate status to verified on upload"
          hint="If not set, prove that you have its private key: generate a verification code, then verify."
          checked={isVerified}
          onChange={setVerified}
        />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy}>
            Upload
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function VerifyDialog(props: { certificate: CaCertificate; onClose: () => void; onDone: () => void }) {
  const { certificate, onClose, onDone } = props;
  const { name, etag, properties } = certificate;
  const [proof, setProof] = useState("");
  const [fault, setFault] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  useLeaveGuard(proof !== "");
  const refuse = (found: string) => {
    setFault(found);
    focusFirstFault();
  };
  const verify = async () => {
    if (proof === "") return refuse("The verification certificate is missing.");
    if (proof === unusableFile) return refuse(stillRead);
    setBusy(true);
    try {
      await verifyCertificate(name, proof, etag);
      announce(`The certificate ${name} is verified.`);
      onDone();
      onClose();
      // The button that opened the dialog disappears, so it cannot get the focus back.
      setTimeout(focusContent);
    } catch (error) {
      refuse(sentenceOf(messageOf(error), "certificate"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Verify ${name}`} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void verify();
        }}
      >
        <p>
          The verification certificate must have this code as its common name, and be signed with the key of {name}.
        </p>
        {properties.verificationCode && <Copyable what="verification code" text={properties.verificationCode} />}
        <CertificateFile
          label="Verification certificate"
          hint="A .pem or .cer file."
          wanted="any"
          fault={fault}
          onChange={(text) => {
            setProof(text);
            setFault(undefined);
          }}
        />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy}>
            Verify
          </button>
        </div>
      </form>
    </Dialog>
  );
}
