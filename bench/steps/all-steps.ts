/** Every hot step, in the order a request meets them. A new step is one file and one line here. */
import { bench as admit, benchFull as admitFull } from './admit.ts'
import { benchAnswer, benchLookup } from './cache-hit.ts'
import { benchV4, benchV6 } from './client-key.ts'
import { bench as issueChallenge, benchNone as noClearance, benchPage as challengePage, benchPass as passChallenge, benchVerify as verifyClearance } from './issue-challenge.ts'
import { bench1, bench16, bench64 } from './match-rules.ts'
import { benchBrowser, benchMinimal } from './parse-head.ts'
import { bench as touch, benchStorm as touchStorm } from './source-table.ts'
import type { Step } from './step.ts'
import { benchFull as tapFull, benchRecord as tapRecord } from './tap-request.ts'

export const allSteps: readonly Step[] = [benchMinimal, benchBrowser, benchV4, benchV6, touch, touchStorm, tapRecord, tapFull, bench1, bench16, bench64, benchLookup, benchAnswer, admit, admitFull, noClearance, verifyClearance, issueChallenge, challengePage, passChallenge]
