package tss;

import tss.tpm.TPM_HANDLE;
import tss.tpm.TPM_RH;
import tss.tpm.TPM_SU;

/**
 * Replaces the class of TSS.Java that chooses a TPM. The original never reaches 2323 on Linux, although it should: the
 * device that it tries first fails only after the check. The steps for the simulator are the same here.
 */
public final class TpmFactory {
  private static final int SIMULATOR = 2321;
  private static final int RESOURCE_MANAGER = 2323;

  private TpmFactory() {}

  /** The TPM that the SDK's provider uses. */
  public static Tpm platformTpm() {
    boolean simulated = Integer.getInteger("rollcall.tpmPort", RESOURCE_MANAGER) == SIMULATOR;
    TpmDevice device =
        simulated ? new TpmDeviceTcp("localhost", SIMULATOR) : new TpmDeviceTcp("localhost", RESOURCE_MANAGER, true);
    if (!device.connect()) throw new IllegalStateException("no TPM answers");
    Tpm tpm = new Tpm();
    if (simulated) device.powerCycle();
    tpm._setDevice(device);
    if (simulated) {
      tpm.Startup(TPM_SU.CLEAR);
      tpm.DictionaryAttackLockReset(TPM_HANDLE.from(TPM_RH.LOCKOUT));
    }
    return tpm;
  }
}
