// What stands between a gate and our server: it forwards everything, and can keep the revocation feed from the gate.

import { Agent, createServer, request as httpRequest } from 'node:http'
import { Transform, pipeline } from 'node:stream'

const feedPath = '/oauth/revocations'

/** Listens at the port, which is the server's public name; nothing is forwarded before `to(backend)` said where. */
export async function startFeedFront(port) {
  let backend
  let state = 'open'
  let released = []
  const readers = new Set()
  const agent = new Agent({ keepAlive: true })
  // what a network does that holds packets back: they arrive later, unless it never heals
  const held = () => (state === 'silent' ? new Promise((done) => released.push(done)) : Promise.resolve())

  const server = createServer(async (incoming, outgoing) => {
    const isFeed = new URL(incoming.url, 'http://front').pathname === feedPath
    if (isFeed) {
      if (!readers.has(incoming.socket)) incoming.socket.once('close', () => readers.delete(incoming.socket))
      readers.add(incoming.socket)
      if (state === 'cut') return incoming.socket.destroy()
      await held()
    }
    const forwarded = httpRequest(backend, {
      agent,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.rawHeaders,
      setHost: false,
    })
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode, answer.rawHeaders)
      const valve = new Transform({ transform: (chunk, _, done) => void (isFeed ? held() : Promise.resolve()).then(() => done(null, chunk)) })
      outgoing.flushHeaders()
      pipeline(answer, valve, outgoing, () => {})
    })
    forwarded.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()))
    outgoing.on('close', () => forwarded.destroy())
    pipeline(incoming, forwarded, () => {})
  })
  await new Promise((done, fail) => server.once('error', fail).listen(port, 'localhost', done))
  return {
    origin: `http://localhost:${port}`,
    to: (origin) => {
      backend = origin
    },
    /** Ends every connection of a reader of the feed, and takes no new one. */
    cut: () => {
      state = 'cut'
      for (const socket of readers) socket.destroy()
    },
    /** Leaves the connections as they are, but lets no byte of the feed through. */
    silence: () => {
      state = 'silent'
    },
    /** Lets through what was held back, and everything from now on. */
    open: () => {
      state = 'open'
      for (const release of released) release()
      released = []
    },
    stop: () => {
      server.closeAllConnections()
      server.close()
      agent.destroy()
    },
  }
}
