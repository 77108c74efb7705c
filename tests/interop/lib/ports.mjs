// Ports that are known before anybody listens there, as a service needs whose URL is in others' settings.

import { createServer } from 'node:net'

// the system gives out none of these by itself
const lowest = 20_000
const highest = 29_990

/** A port that is free, as the nine after it are likely to be: `dev` takes the ones after the one it is given. */
export async function ownPort() {
  for (;;) {
    const port = lowest + 10 * Math.floor((Math.random() * (highest - lowest)) / 10)
    if (await isFree(port)) return port
  }
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}
