import { isDeepStrictEqual } from "node:util";
import { type DeviceChange, endsConnections, type JsonObject, type Twin } from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";
import type { ConnectDecision } from "./connect.js";
import type { DisconnectReason, HubDevice } from "./hub-types.js";
import { mergeDiff } from "./merge-diff.js";
import { mergePatch } from "./merge-patch.js";
import { type Owner, ownerOf } from "./owner.js";
import type { DeviceStore } from "./ports.js";

/** A device that is connected here, and the properties that it was told. */
interface Followed {
  readonly device: HubDevice;
  /** As it was let in. */
  readonly owner: Owner;
  desired: JsonObject;
  version: number;
  hasLeft: boolean;
}

/** A CONNECT that is being decided; stale when the data for the decision may have changed since it was read. */
interface Deciding {
  readonly key: string;
  isStale: boolean;
}

/** A change of desired properties as it was requested. */
interface Hint {
  readonly patch: JsonObject;
  readonly version: number;
}

interface FollowersOptions {
  readonly store: DeviceStore;
  /** Sends the patch, with `$version` inside, to the device. */
  readonly tell: (device: HubDevice, patch: JsonObject) => void;
  /** Takes the device off its connection. */
  readonly disconnect: (device: HubDevice, reason: DisconnectReason) => Promise<void>;
}

/** The largest number of decisions for one CONNECT: during an import, changes may be reported again and again. */
const TURNS = 4;
/** Number of comparisons at the same time: other parts need the store, too. */
const LANES = 8;
/** Milliseconds that a failed comparison waits in its lane before the next try. */
const PAUSE = 250;

/**
 * Keeps the devices that are connected here in step with a store to which other processes write. A reported change only
 * causes a comparison of the device with the store, so reports that come twice, late or in a different order have the
 * same result.
 */
export class Followers {
  readonly #options: FollowersOptions;
  /** By device. A device with several connections is told on the newest, which is the last in the array. */
  readonly #followed = new Map<string, readonly Followed[]>();
  readonly #deciding = new Set<Deciding>();
  /** Devices that wait for a comparison, with the change that caused it, if known. */
  readonly #due = new Map<Followed, Hint | undefined>();
  /**
   * Devices that are being compared: one comparison of a device at a time, so that data that is read later is newer.
   */
  readonly #busy = new Set<Followed>();

  constructor(options: FollowersOptions) {
    this.#options = options;
  }

  /** Decides a CONNECT by what is there at its end, and follows the device from then on. */
  async admit(device: HubDevice, decide: () => Promise<ConnectDecision>): Promise<ConnectDecision> {
    for (let turn = 1; ; turn++) {
      const deciding: Deciding = { key: keyOf(device), isStale: false };
      this.#deciding.add(deciding);
      try {
        const decision = await decide();
        const { admission, identity } = decision;
        const isIn = admission.kind === "accepted" && identity !== undefined;
        const twin = isIn ? await this.#options.store.twin(admission.device.hub, admission.device.deviceId) : undefined;
        if (deciding.isStale && turn < TURNS) continue;
        if (!isIn) return decision;
        const left = this.#follow(admission.device, identity, twin);
        // Changes come too fast for a stable decision: the device is let in, and compared like any connected device.
        if (deciding.isStale) this.#compareSoon(this.#newest(admission.device));
        return { ...decision, admission: { ...admission, left } };
      } finally {
        this.#deciding.delete(deciding);
      }
    }
  }

  #follow(device: HubDevice, owner: Owner, twin: Twin | undefined): () => void {
    const { desired = {}, desiredVersion: version = 0 } = twin ?? {};
    const followed = { device, owner, desired, version, hasLeft: false };
    const key = keyOf(device);
    this.#followed.set(key, [...(this.#followed.get(key) ?? []), followed]);
    return () => {
      followed.hasLeft = true;
      const others = (this.#followed.get(key) ?? []).filter((each) => each !== followed);
      if (others.length > 0) this.#followed.set(key, others);
      else this.#followed.delete(key);
      // If the device hung up before it replaced an older connection, the older connection is followed again.
      this.#compareSoon(others.at(-1));
    };
  }

  #newest(device: HubDevice): Followed | undefined {
    return this.#followed.get(keyOf(device))?.at(-1);
  }

  /**
   * Data read for CONNECTs still in progress (of this device, or of all) may be stale: mark them to be decided again.
   */
  outdate(device?: HubDevice): void {
    const key = device && keyOf(device);
    // A module's CONNECT is decided under the key of its device.
    const isMeant = (each: Deciding) => key === undefined || each.key === key || key.startsWith(`${each.key}/`);
    for (const deciding of this.#deciding) if (isMeant(deciding)) deciding.isStale = true;
  }

  /** Called with a change by another process. */
  heard(change: DeviceChange): void {
    if (change.kind === "unheard") return;
    this.outdate(change.kind === "missed" ? undefined : change);
    if (change.kind !== "missed") this.#compareSoon(this.#newest(change));
    else for (const connections of this.#followed.values()) this.#compareSoon(connections.at(-1));
  }

  /** Called after this process changed a device's desired properties. */
  changed(device: HubDevice, hint: Hint): void {
    this.#compareSoon(this.#newest(device), hint);
  }

  #compareSoon(followed: Followed | undefined, hint?: Hint): void {
    if (!followed) return;
    this.#due.set(followed, hint ?? this.#due.get(followed));
    this.#fillLanes();
  }

  #fillLanes(): void {
    for (const [followed, hint] of this.#due) {
      if (this.#busy.size >= LANES) return;
      if (this.#busy.has(followed)) continue;
      this.#due.delete(followed);
      this.#busy.add(followed);
      void this.#compareOrPause(followed, hint).then(() => {
        this.#busy.delete(followed);
        this.#fillLanes();
      });
    }
  }

  /** While the store cannot be reached, the comparison is tried again until the device has left. */
  async #compareOrPause(followed: Followed, hint: Hint | undefined): Promise<void> {
    try {
      await this.#compare(followed, hint);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE).unref());
      if (!followed.hasLeft) this.#due.set(followed, this.#due.get(followed) ?? hint);
    }
  }

  async #compare(followed: Followed, hint: Hint | undefined): Promise<void> {
    if (followed.hasLeft) return;
    const { store, tell, disconnect } = this.#options;
    const { device, desired, version } = followed;
    const owner = await ownerOf(store, device);
    const twin = await store.twin(device.hub, device.deviceId);
    if (followed.hasLeft || this.#newest(device) !== followed) return;
    const isSame = owner?.registrationId === followed.owner.registrationId;
    if (!isSame || owner.status === "disabled") return await disconnect(device, "removed");
    if (endsConnections(followed.owner.authentication, owner.authentication))
      return await disconnect(device, "renewed");
    if (!twin || (twin.desiredVersion === version && isDeepStrictEqual(twin.desired, desired))) return;
    followed.desired = twin.desired;
    followed.version = twin.desiredVersion;
    // Send the patch as requested if nothing else has changed.
    const isAll =
      hint?.version === twin.desiredVersion && isDeepStrictEqual(mergePatch(desired, hint.patch), twin.desired);
    tell(device, { ...(isAll ? hint.patch : mergeDiff(desired, twin.desired)), $version: twin.desiredVersion });
  }
}

const keyOf = ({ hub, deviceId }: HubDevice) => `${bareHost(hub)}/${deviceId}`;
