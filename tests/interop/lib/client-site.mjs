// The web site of an app: it serves the client document and the key set, as they are at the moment.

import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'

/** What is served is good for no longer than the answer, unless a test says otherwise. */
const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }

/** Serves `https://HOST/…` from a port of its own, to which `--resolve` must send whoever asks for the host. */
export async function startClientSite({ authority, host }) {
  const certificate = await authority.certificateFor(host)
  const { port, ...site } = await start((answer) => createServer(certificate, answer))
  return { ...site, origin: `https://${host}`, resolve: `${host}=127.0.0.1:${port}` }
}

/** Serves `http://127.0.0.1:PORT/…`, as an app under development does. */
export async function startLocalSite() {
  const { port, ...site } = await start(createPlainServer)
  return { ...site, origin: `http://127.0.0.1:${port}` }
}

async function start(serverOf) {
  const served = new Map()
  const hits = new Map()
  const server = serverOf((request, response) => {
    const { url } = request
    hits.set(url, (hits.get(url) ?? 0) + 1)
    const { status = 200, body = {}, ...answer } = served.get(url) ?? { status: 404 }
    response.writeHead(status, { ...headers, ...answer.headers })
    response.end(JSON.stringify(body))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: server.address().port,
    /** Serves this at the path from now on. */
    serve: (path, body, answer) => served.set(path, { body, ...answer }),
    /** Answers with this status at the path from now on. */
    fail: (path, status) => served.set(path, { status }),
    /** How often the path was asked for. */
    hits: (path) => hits.get(path) ?? 0,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
