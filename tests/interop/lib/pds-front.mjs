// What stands at the public URL of a PDS: it passes everything on, keeps what passed, and can be a PDS in trouble.

import { Agent, createServer, request as httpRequest } from 'node:http'

/** What may go wrong with a PDS: `before` it hears of a call, or with its `answer`. Nothing answered: it hangs up. */
export const troubles = {
  'is down': { before: () => hangUp },
  'answers with a page of HTML': { before: () => page(200) },
  "answers with its gateway's page": { before: () => page(502) },
  'answers with JSON of another kind': { before: () => json(200, ['no object']) },
  'breaks down': { before: () => json(500, { error: 'InternalServerError', message: 'Internal Server Error' }) },
  'does what it is asked, and its answer is lost': { answer: () => hangUp },
}

const hangUp = null

export const json = (status, value) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

const page = (status) => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Welcome</title><p>It works!',
})

/** Listens where the public URL says. Nothing is passed on before `to(origin)` said where. */
export async function startPdsFront(publicUrl) {
  let backend
  let passed = []
  let trouble
  let silenced
  const agent = new Agent({ keepAlive: true })
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray())
    const method = new URL(incoming.url, publicUrl).pathname.replace('/xrpc/', '')
    const call = { method, url: incoming.url, headers: incoming.headers, body: body.toString() }
    if (silenced?.methods.includes(method)) await silenced.over
    const meant = trouble?.methods.includes(method) ? trouble : {}
    let answer = meant.before?.(call)
    if (answer === undefined) {
      answer = await forward(incoming, body)
      passed.push({ ...call, status: answer?.status, answer: answer?.body.toString() })
      const instead = meant.answer?.(call, answer)
      if (instead !== undefined) answer = instead
    }
    if (!answer) return incoming.socket.destroy()
    outgoing.writeHead(answer.status, answer.headers)
    outgoing.end(answer.body)
  })

  /** What the PDS answers; null where it does not. */
  const forward = ({ method, url, rawHeaders }, body) =>
    new Promise((done) => {
      const forwarded = httpRequest(backend + url, { agent, method, headers: rawHeaders, setHost: false })
      forwarded.on('error', () => done(null))
      forwarded.on('response', async (answer) => {
        const chunks = await answer.toArray().catch(() => [])
        done({ status: answer.statusCode, headers: answer.rawHeaders, body: Buffer.concat(chunks) })
      })
      forwarded.end(body)
    })

  await new Promise((done, fail) => server.once('error', fail).listen(new URL(publicUrl).port, 'localhost', done))
  return {
    to: (origin) => {
      backend = origin
    },
    /** The calls of a method that reached the PDS since `forget()`, with what it answered. */
    passed: (method) => passed.filter((call) => call.method === method),
    forget: () => {
      passed = []
    },
    /** While `run` runs, these methods of the PDS are in trouble. */
    during: async ({ before, answer }, methods, run) => {
      trouble = { before, answer, methods }
      try {
        return await run()
      } finally {
        trouble = undefined
      }
    },
    /** While `run` runs, these methods are not answered, and nobody hangs up. */
    silent: async (methods, run) => {
      const { promise: over, resolve } = Promise.withResolvers()
      silenced = { methods, over }
      try {
        return await run()
      } finally {
        silenced = undefined
        resolve()
      }
    },
    stop: () => {
      server.closeAllConnections()
      server.close()
      agent.destroy()
    },
  }
}
