/** Style sheets are taken in by the build; what the contract says of worker threads is no matter of a page. */
declare module '*.css'
declare module 'node:worker_threads' {
  export type MessagePort = never
}
