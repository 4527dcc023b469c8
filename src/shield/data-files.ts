/** Files in dataDir that more than one part of the program names. */
export const BASELINE_FILE = 'baseline.bin'
/** What was learned from logs while a shield runs; the control plane takes it in and deletes it. */
export const LEARNED_FILE = 'learned.bin'
/** Orders of operators that outlive a restart. */
export const ORDERS_FILE = 'operator-orders.json'
/** The last good copy of the public site, with its frontier. */
export const LIFELINE_FILE = 'lifeline.sqlite'
