/** A proxy as @fastify/http-proxy's README builds it (undici towards the origin). Arguments: port, TLS port, origin's port, certificate, key. */
import { readFileSync } from 'node:fs'
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { SERVER_ADDRESS } from '../../measure/loopback.ts'
import { paths } from '../peer.ts'

const [port, tlsPort, originPort, certFile, keyFile] = process.argv.slice(2)
const upstream = `http://${SERVER_ADDRESS}:${originPort}`

const plain = Fastify()
plain.get(paths.reject, (_request, reply) => reply.code(403).send('Forbidden'))
await plain.register(httpProxy, { upstream })
await plain.listen({ port: Number(port), host: SERVER_ADDRESS, backlog: 4_096 })

const secure = Fastify({ https: { cert: readFileSync(certFile), key: readFileSync(keyFile) } })
secure.get(paths.reject, (_request, reply) => reply.code(403).send('Forbidden'))
await secure.register(httpProxy, { upstream })
await secure.listen({ port: Number(tlsPort), host: SERVER_ADDRESS, backlog: 4_096 })
