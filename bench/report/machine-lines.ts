import type { Machine } from '../measure/machine.ts'

/** The sentence under each report that says where and when it was measured. */
export function machineLines(machine: Machine): string {
  return `Measured on ${machine.date}: ${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 1_073_741_824)} GiB, Linux ${machine.kernel} (${machine.system}), Node ${machine.node} (OpenSSL ${machine.openssl}). Load average before the start: ${machine.loadBefore}.`
}
