import type { EnrollmentKind } from "@rollcall/protocol";
import { type Enrollment, idOf } from "../api/enrollments.js";
import { allocationChoices, kindWords } from "../model/choices.js";
import { mechanismText } from "../model/mechanisms.js";
import { Pill, Time } from "../parts/bits.js";
import { justSaved } from "../parts/just-saved.js";
import { hrefOf } from "../routing/router.js";

interface Marks {
  readonly marked: ReadonlySet<string>;
  readonly onMark: (marked: ReadonlySet<string>) => void;
}

export function EnrollmentTable(props: Marks & { kind: EnrollmentKind; items: readonly Enrollment[] }) {
  const { kind, items, marked, onMark } = props;
  const words = kindWords[kind];
  const ids = items.map((item) => idOf(kind, item));
  const all = ids.length > 0 && ids.every((id) => marked.has(id));
  return (
    <table>
      <caption class="off-screen">{words.many}</caption>
      <thead>
        <tr>
          <th scope="col" class="mark">
            <input
              type="checkbox"
              aria-label="Mark all on this page"
              checked={all}
              onChange={() => onMark(new Set(all ? [] : ids))}
            />
          </th>
          <th scope="col">{words.id}</th>
          <th scope="col">Status</th>
          <th scope="col" class="wide-only">
            Mechanism
          </th>
          <th scope="col" class="wide-only nowrap">
            {kind === "group" ? "Allocation" : "Assigned hub"}
          </th>
          <th scope="col" class="wide-only">
            Last change
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <EnrollmentRow key={idOf(kind, item)} kind={kind} item={item} marked={marked} onMark={onMark} />
        ))}
      </tbody>
    </table>
  );
}

function EnrollmentRow(props: Marks & { readonly kind: EnrollmentKind; readonly item: Enrollment }) {
  const { kind, item, marked, onMark } = props;
  const id = idOf(kind, item);
  const isMarked = marked.has(id);
  const isFresh = justSaved.value?.kind === kind && justSaved.value.id === id;
  const { registrationState: state } = item;
  return (
    <tr class={isMarked || isFresh ? "marked" : undefined}>
      <td class="mark">
        <input
          type="checkbox"
          aria-label={`Mark ${id}`}
          checked={isMarked}
          onChange={() => onMark(new Set(isMarked ? [...marked].filter((each) => each !== id) : [...marked, id]))}
        />
      </td>
      <th scope="row">
        <a class="break" href={hrefOf({ page: "enrollment", kind, id, tab: "settings" })}>
          {id}
        </a>
        {isFresh && <span class="small-text"> just saved</span>}
        <div class="narrow-only small-text">{mechanismText(item.attestation)}</div>
      </th>
      <td>
        <Pill state={item.provisioningStatus ?? "enabled"} />
      </td>
      <td class="wide-only nowrap">{mechanismText(item.attestation)}</td>
      <td class="wide-only break">
        {kind === "group"
          ? allocationOf(item)
          : (state?.assignedHub ?? <span class="faint nowrap">not registered</span>)}
      </td>
      <td class="wide-only nowrap">
        <Time at={item.lastUpdatedDateTimeUtc ?? item.createdDateTimeUtc} />
      </td>
    </tr>
  );
}

/** The allocation policy in words. */
export function allocationOf({ allocationPolicy, iotHubHostName }: Enrollment): string {
  if (iotHubHostName) return `Static (${iotHubHostName})`;
  return allocationChoices.find(({ value }) => value === allocationPolicy)?.label ?? allocationPolicy;
}
