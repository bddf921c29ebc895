import type { AllocationPolicy, EnrollmentKind } from "@rollcall/protocol";
import { useId } from "preact/hooks";
import { listHubs } from "../api/operator.js";
import { allocationChoices, reprovisionChoices } from "../model/choices.js";
import type { Settings } from "../model/draft.js";
import { Checkbox, TextField } from "../parts/field.js";
import { JsonEditor } from "../parts/json-editor.js";
import { Group, RadioGroup } from "../parts/radio-group.js";
import type { Form } from "../parts/use-form.js";
import { useLoad } from "../parts/use-load.js";

/** The part of a form that edits settings; the form of a new enrollment has further fields. */
export type SettingsForm = Pick<Form<Settings>, "values" | "faults" | "set">;

export function DeviceIdField({ form, fallback }: { readonly form: SettingsForm; readonly fallback: string }) {
  return (
    <TextField
      label="Device ID"
      hint="The device's name at the hub. If empty, the registration id."
      placeholder={fallback}
      code
      value={form.values.deviceId}
      fault={form.faults.deviceId}
      onInput={(deviceId) => form.set({ deviceId })}
    />
  );
}

export function SettingsFields({ kind, form }: { readonly kind: EnrollmentKind; readonly form: SettingsForm }) {
  const { values, faults, set } = form;
  return (
    <>
      <HubsField form={form} />
      <AllocationField form={form} />
      <RadioGroup
        legend="When a device registers again"
        value={values.reprovision}
        choices={reprovisionChoices}
        fault={faults.reprovision}
        onChange={(reprovision) => set({ reprovision })}
      />
      <JsonEditor
        label="Initial twin"
        hint="Initial content of a new device's twin: an object with tags and properties.desired."
        value={values.twin}
        fault={faults.twin}
        onInput={(twin) => set({ twin })}
      />
      <fieldset>
        <legend>Status</legend>
        <Checkbox
          label={`Enable this ${kind === "group" ? "group" : "enrollment"}`}
          hint="While it is disabled, its devices are refused."
          checked={values.status === "enabled"}
          onChange={(enabled) => set({ status: enabled ? "enabled" : "disabled" })}
        />
        <Checkbox
          label={kind === "group" ? "The devices are IoT Edge devices" : "The device is an IoT Edge device"}
          checked={values.iotEdge}
          onChange={(iotEdge) => set({ iotEdge })}
        />
      </fieldset>
    </>
  );
}

/** Linked hubs, and hubs that the enrollment names although they are no longer linked. */
function HubsField({ form }: { readonly form: SettingsForm }) {
  const { iotHubs } = form.values;
  const { value, error } = useLoad("hubs", listHubs);
  const id = useId();
  const linked = value?.map(({ host }) => host) ?? [];
  const known = [...linked, ...iotHubs.filter((host) => !linked.includes(host))];
  const toggle = (host: string, on: boolean) =>
    form.set({ iotHubs: on ? [...iotHubs, host] : iotHubs.filter((each) => each !== host) });
  return (
    <Group
      id={id}
      legend="IoT hubs"
      hint="The hubs that devices may be assigned to. If no hub is marked: any linked hub."
      fault={form.faults.iotHubs ?? error}
    >
      {known.map((host) => (
        <Checkbox
          key={host}
          label={host}
          {...(value && !linked.includes(host) && { hint: "This hub is not linked." })}
          checked={iotHubs.includes(host)}
          onChange={(on) => toggle(host, on)}
        />
      ))}
    </Group>
  );
}

function AllocationField({ form }: { readonly form: SettingsForm }) {
  const { values, faults, set } = form;
  return (
    <>
      <RadioGroup<AllocationPolicy>
        legend="How a hub is chosen"
        value={values.allocationPolicy}
        choices={allocationChoices}
        fault={faults.allocationPolicy}
        onChange={(allocationPolicy) => set({ allocationPolicy })}
      />
      {values.allocationPolicy === "custom" && (
        <div class="pair">
          <TextField
            label="Webhook URL"
            hint="Rollcall sends a POST to this URL for each device that registers."
            type="url"
            placeholder="http://127.0.0.1:7071/api/allocate"
            required
            value={values.webhookUrl}
            fault={faults.webhookUrl}
            onInput={(webhookUrl) => set({ webhookUrl })}
          />
          <TextField
            label="API version"
            hint="Version of the request that the webhook gets."
            value={values.webhookApiVersion}
            fault={faults.webhookApiVersion}
            onInput={(webhookApiVersion) => set({ webhookApiVersion })}
          />
        </div>
      )}
    </>
  );
}
