import type { AttestationBody, AttestationKind, EnrolledCertificate } from "@rollcall/protocol";
import { isAttestationKind } from "@rollcall/protocol/attestation-kinds";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { isStale, messageOf } from "../api/client.js";
import { type Attestation, getMechanism, replaceEnrollment } from "../api/enrollments.js";
import { type Slot, slotWords } from "../model/roll.js";
import { announce } from "../parts/announce.js";
import { Card, Facts, Problem } from "../parts/bits.js";
import { CertificateFacts } from "../parts/certificate-file.js";
import { confirm } from "../parts/confirm.js";
import { Copyable, Secret } from "../parts/copy.js";
import type { CredentialsProps } from "./credentials-props.js";
import { RollDialog } from "./roll-dialog.js";

/** The credentials of the enrollment's devices. Only this tab replaces them, one credential at a time. */
export function CredentialsTab(props: CredentialsProps) {
  const { type } = props.loaded.value.attestation;
  const [rolling, setRolling] = useState<Slot | undefined>();
  const roll = (slot: Slot) => setRolling(slot);
  return (
    <>
      {isAttestationKind(type) && cardOf[type]({ ...props, onRoll: roll })}
      {rolling && <RollDialog {...props} slot={rolling} onClose={() => setRolling(undefined)} />}
    </>
  );
}

const cardOf: Readonly<Record<AttestationKind, (props: CardProps) => ComponentChildren>> = {
  symmetricKey: (props) => <KeysCard {...props} />,
  x509: (props) => <CertificatesCard {...props} />,
  tpm: (props) => <EndorsementKeyCard {...props} />,
};

type CardProps = CredentialsProps & { readonly onRoll: (slot: Slot) => void };

const rollHint =
  "To roll without a gap: replace the secondary one, switch the devices to it, then replace the primary one.";

function RollButton(props: { slot: Slot; what: string; isNew?: boolean; onRoll: (slot: Slot) => void }) {
  const { slot, what, isNew, onRoll } = props;
  const { word } = slotWords[slot];
  return (
    <button type="button" class="small" onClick={() => onRoll(slot)}>
      {isNew ? "Add" : "Replace"} {word} {what}
    </button>
  );
}

/** Keys are loaded only on demand, and stay visible until the user leaves the page. */
function KeysCard({ kind, id, loaded, onRoll }: CardProps) {
  const [keys, setKeys] = useState<
    { readonly etag: string | undefined; readonly mechanism: Attestation } | undefined
  >();
  const [fault, setFault] = useState<string | undefined>();
  const { etag } = loaded.value;
  const show = async () => {
    try {
      setKeys({ etag, mechanism: await getMechanism(kind, id) });
      setFault(undefined);
    } catch (error) {
      setFault(messageOf(error));
    }
  };
  const shown = keys && keys.etag === etag ? keys.mechanism.symmetricKey : undefined;
  return (
    <Card title="Symmetric keys">
      <p class="hint">{rollHint}</p>
      {fault && <Problem text={fault} />}
      {shown ? (
        <Facts
          rows={[
            ["Primary key", <Secret key="1" what="primary key" text={shown.primaryKey ?? ""} />],
            ["Secondary key", <Secret key="2" what="secondary key" text={shown.secondaryKey ?? ""} />],
          ]}
        />
      ) : (
        <p>
          <button type="button" onClick={() => void show()}>
            Get the keys
          </button>
        </p>
      )}
      <div class="actions">
        <RollButton slot="primary" what="key" onRoll={onRoll} />
        <RollButton slot="secondary" what="key" onRoll={onRoll} />
      </div>
    </Card>
  );
}

function CertificatesCard(props: CardProps) {
  const { loaded, onRoll } = props;
  const { x509 } = loaded.value.attestation;
  const pair = x509?.signingCertificates ?? x509?.clientCertificates;
  const references = x509?.caReferences;
  if (references) {
    return (
      <Card title="CA certificates">
        <p class="hint">This group refers to CA certificates of the service by name. {rollHint}</p>
        <Facts
          rows={[
            ["Primary", references.primary || "none"],
            ["Secondary", references.secondary || "none"],
          ]}
        />
        <RollActions {...props} what="reference" pair={references} />
      </Card>
    );
  }
  return (
    <Card title="Certificates">
      <p class="hint">{rollHint}</p>
      <div class="pair">
        <CertificateSlot title="Primary certificate" slot={pair?.primary} />
        <CertificateSlot title="Secondary certificate" slot={pair?.secondary} />
      </div>
      <RollActions {...props} onRoll={onRoll} what="certificate" pair={pair ?? {}} />
    </Card>
  );
}

function CertificateSlot(props: { title: string; slot: EnrolledCertificate | undefined }) {
  const { title, slot } = props;
  return (
    <div>
      <h3>{title}</h3>
      {slot?.info ? <CertificateFacts reading={slot.info} /> : <p class="faint">{slot ? "present" : "none"}</p>}
    </div>
  );
}

/** Buttons that replace or remove a credential; at least one of the two credentials stays. */
function RollActions(
  props: CardProps & {
    readonly what: string;
    readonly pair: { readonly primary?: unknown; readonly secondary?: unknown };
  },
) {
  const { kind, id, loaded, onRoll, what, pair } = props;
  return (
    <div class="actions">
      <RollButton slot="primary" what={what} isNew={!pair.primary} onRoll={onRoll} />
      <RollButton slot="secondary" what={what} isNew={!pair.secondary} onRoll={onRoll} />
      {pair.primary && pair.secondary && (
        <button type="button" class="small danger" onClick={() => void removeSecondary({ kind, id, loaded })}>
          Remove secondary {what}
        </button>
      )}
    </div>
  );
}

async function removeSecondary({ kind, id, loaded }: CredentialsProps): Promise<void> {
  const yes = await confirm({
    title: "Remove the secondary certificate?",
    text: "Devices that use it are refused from then on.",
    danger: true,
  });
  if (!yes) return;
  const { value, reload } = loaded;
  const { x509 } = value.attestation;
  const attestation: AttestationBody = {
    type: "x509",
    x509: {
      ...x509,
      ...(x509?.clientCertificates && { clientCertificates: { ...x509.clientCertificates, secondary: null } }),
      ...(x509?.signingCertificates && { signingCertificates: { ...x509.signingCertificates, secondary: null } }),
      ...(x509?.caReferences && { caReferences: { ...x509.caReferences, secondary: null } }),
    },
  };
  try {
    await replaceEnrollment(kind, id, { ...value, attestation }, value.etag);
    announce("The secondary certificate is removed.");
  } catch (error) {
    const changed = isStale(error);
    announce(
      changed ? "The enrollment was changed meanwhile; nothing was removed. Check it again." : messageOf(error),
      "failed",
    );
  }
  reload();
}

function EndorsementKeyCard({ loaded, onRoll }: CardProps) {
  const { tpm } = loaded.value.attestation;
  return (
    <Card title="Endorsement key">
      <Facts
        rows={[
          ["Endorsement key", tpm?.endorsementKey && <Copyable what="endorsement key" text={tpm.endorsementKey} />],
          ["Storage root key", tpm?.storageRootKey && <Copyable what="storage root key" text={tpm.storageRootKey} />],
        ]}
      />
      <div class="actions">
        <button type="button" class="small" onClick={() => onRoll("primary")}>
          Replace endorsement key
        </button>
      </div>
    </Card>
  );
}
