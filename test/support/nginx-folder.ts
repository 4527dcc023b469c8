/** A folder served by the distribution's nginx as it is, as an operator would: `root FOLDER;` and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './in-process-shield.ts'
import { freePort } from './free-port.ts'

export class NginxFolder {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  /** `folder`: for its own files. */
  static async start(folder: string, root: string): Promise<NginxFolder> {
    const at = await freePort()
    const logs = join(folder, 'nginx')
    mkdirSync(logs)
    writeFileSync(join(folder, 'nginx.conf'), `daemon off; pid ${logs}/pid; error_log ${logs}/error.log; user root;\nevents {}\nhttp { include /etc/nginx/mime.types; access_log off; client_body_temp_path ${logs}; proxy_temp_path ${logs}; fastcgi_temp_path ${logs}; uwsgi_temp_path ${logs}; scgi_temp_path ${logs};\nserver { listen 127.0.0.1:${at}; root ${root}; absolute_redirect off; } }\n`)
    const child = spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(logs, 'error.log')], { stdio: 'inherit' })
    const nginx = new NginxFolder(`http://127.0.0.1:${at}`, child)
    await eventually('nginx serves', 10_000, async () => (await fetch(nginx.url).catch(() => null))?.ok === true).catch(async (error: Error) => {
      await nginx.stop()
      throw error
    })
    return nginx
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    })
  }
}
