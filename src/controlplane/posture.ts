/**
 * What a posture of the calendar changes: the shield takes signs of strain seriously earlier, and relaxes later. It changes nothing about what visitors may be
 * put through: gates, harm bounds and the rule that a well origin is no incident stay as they are.
 */
import type { OptionValues } from '../kernel/option.ts'
import type { detectionOptions } from './detection/options.ts'

type Detection = OptionValues<typeof detectionOptions>

/** Below this, what is called strain is everyday noise (algorithms section 0.4: z above 3 fires several times a day). */
const LOWEST_Z = 4

/** `sensitivity`: 1 as in the settings, 0.5 from half the threshold; each result stays within what the setting itself allows. */
export function watchful(detection: Detection, sensitivity: number): Detection {
  return {
    ...detection,
    queueWaitTargetMs: Math.max(5, detection.queueWaitTargetMs * sensitivity),
    errorAboveNormalShare: Math.max(0.01, detection.errorAboveNormalShare * sensitivity),
    slowdownRatio: Math.max(1.2, 1 + (detection.slowdownRatio - 1) * sensitivity),
    rejectedShare: Math.max(0.001, detection.rejectedShare * sensitivity),
    watchZ: Math.max(Math.min(LOWEST_Z, detection.watchZ), detection.watchZ * sensitivity),
    calmDwellMs: Math.min(3_600_000, detection.calmDwellMs / sensitivity),
  }
}
