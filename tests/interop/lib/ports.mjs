// Ports that are known before anybody listens there, as a service needs whose URL is in others' settings.

import { createServer } from 'node:net'
import { runName } from './artefacts.mjs'

// the system gives out none of these by itself
const lowest = 20_000
const highest = 29_990
// the same file is run on both engines at once, and neither may take what the other is about to
const lane = runName.endsWith('postgresql') ? 10 : 0

/** A port that is free, as the nine after it are likely to be: `dev` takes the ones after the one it is given. */
export async function ownPort() {
  for (;;) {
    const port = lowest + lane + 20 * Math.floor((Math.random() * (highest - lowest)) / 20)
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
