import { allocationRows } from "./rows/allocation.js";
import { chainRows } from "./rows/chain.js";
import { enrollmentRows } from "./rows/enrollment.js";
import type { FindingRow } from "./rows/finding-row.js";
import { hubRows } from "./rows/hub.js";
import { noEnrollmentRows } from "./rows/no-enrollment.js";
import { remarkRows } from "./rows/remark.js";
import { requestRows } from "./rows/request.js";
import { serviceRows } from "./rows/service.js";
import { tokenRows } from "./rows/token.js";
import { tpmRows } from "./rows/tpm.js";

const rows = {
  ...requestRows,
  ...enrollmentRows,
  ...chainRows,
  ...tokenRows,
  ...tpmRows,
  ...noEnrollmentRows,
  ...allocationRows,
  ...hubRows,
  ...serviceRows,
  ...remarkRows,
};

/** Every code of the table. */
export type FindingCode = keyof typeof rows;

/**
 * Every reason why a registration fails or is odd: one row each, in the files of `rows`.
 *
 * The order of the rows is their rank, in each file and of the files above. Of two errors in one attempt, the one whose row
 * stands earlier is the likely root cause: it is shown first, and its `wire` and `connack` are what the device is answered. A row
 * that `follows` others stands behind them. The compiler refuses a `follows` that names no row.
 */
export const findingRows = rows satisfies Readonly<Record<FindingCode, FindingRow<FindingCode>>>;
