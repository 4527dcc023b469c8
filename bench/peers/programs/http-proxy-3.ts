/** A proxy as http-proxy-3's README builds it, with a keep-alive agent. Arguments: port, TLS port, origin's port, certificate, key. */
import { readFileSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createProxyServer } from 'http-proxy-3'
import { SERVER_ADDRESS } from '../../measure/loopback.ts'
import { paths } from '../peer.ts'

const [port, tlsPort, originPort, certFile, keyFile] = process.argv.slice(2)
const proxy = createProxyServer({ target: `http://${SERVER_ADDRESS}:${originPort}`, agent: new Agent({ keepAlive: true, maxSockets: 256 }) })
proxy.on('error', (_error, _request, response) => {
  if ('writeHead' in response) (response as ServerResponse).writeHead(502).end()
})

function serve(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === paths.reject) response.writeHead(403, { 'content-length': 9 }).end('Forbidden')
  else proxy.web(request, response)
}

createServer(serve).listen(Number(port), SERVER_ADDRESS, 4_096)
createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, serve).listen(Number(tlsPort), SERVER_ADDRESS, 4_096)
