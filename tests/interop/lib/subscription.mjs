// A subscriber to the repositories of a PDS, as a relay is one.

const waitMs = 10_000

/** Connects to `subscribeRepos`, and keeps every event. Nothing is read of one but its bytes. */
export async function subscribe(origin) {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/xrpc/com.atproto.sync.subscribeRepos`)
  socket.binaryType = 'arraybuffer'
  const events = []
  let arrived = () => {}
  socket.addEventListener('message', ({ data }) => {
    events.push(Buffer.from(data))
    arrived()
  })
  await new Promise((done, fail) => {
    socket.addEventListener('open', done)
    socket.addEventListener('error', () => fail(new Error(`no subscription at ${origin}`)))
  })
  return {
    /** Waits until there is an event in which all these texts occur, as names and revisions do in CBOR. */
    heard: (texts) =>
      new Promise((done, fail) => {
        const late = setTimeout(() => fail(new Error(`none of ${events.length} events has ${texts.join(' and ')}`)), waitMs)
        arrived = () => {
          if (!events.some((event) => texts.every((text) => event.includes(text)))) return
          clearTimeout(late)
          done()
        }
        arrived()
      }),
    close: () => socket.close(),
  }
}
