// What stands before a server in production: it ends TLS, and forwards everything as it comes.

import { Agent, request as httpRequest } from 'node:http'
import { createServer } from 'node:https'
import { pipeline } from 'node:stream'
import { isHere } from './names.mjs'

/** Answers the front's `origin`; nothing is forwarded before `to(backend)` said where. */
export async function startTlsFront({ authority, host }) {
  isHere(host)
  let backend
  const agent = new Agent({ keepAlive: true })
  const server = createServer(await authority.certificateFor(host), (incoming, outgoing) => {
    const forwarded = httpRequest(backend, {
      agent,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.rawHeaders,
      setHost: false,
    })
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode, answer.rawHeaders)
      pipeline(answer, outgoing, () => {})
    })
    forwarded.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()))
    outgoing.on('close', () => forwarded.destroy())
    pipeline(incoming, forwarded, () => {})
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    origin: `https://${host}:${server.address().port}`,
    to: (origin) => {
      backend = origin
    },
    stop: () => {
      server.closeAllConnections()
      server.close()
      agent.destroy()
    },
  }
}
