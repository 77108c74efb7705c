// The page of an ordinary third party: the unmodified browser client, and buttons.

import { BrowserOAuthClient, buildAtprotoLoopbackClientMetadata } from '@atproto/oauth-client-browser'

const collection = 'com.example.note'
const element = (id) => document.getElementById(id)
const report = (text) => (element('status').textContent = text)

let client
let session

async function start() {
  const servers = await (await fetch('/servers.json')).json()
  client = new BrowserOAuthClient({
    // at the root: the client id that the library makes by itself
    clientMetadata:
      location.pathname === '/'
        ? undefined
        : buildAtprotoLoopbackClientMetadata({
            scope: 'atproto transition:generic',
            redirect_uris: [location.origin + location.pathname],
          }),
    responseMode: location.pathname === '/query' ? 'query' : 'fragment',
    handleResolver: servers.pds,
    plcDirectoryUrl: servers.plc,
    allowHttp: true,
  })
  const result = await client.init()
  result ? enter(result.session) : leave('logged out')
}

function enter(next) {
  session = next
  element('did').textContent = session.did
  element('log-in').hidden = true
  element('logged-in').hidden = false
  report('logged in')
}

function leave(text) {
  session = undefined
  element('logged-in').hidden = true
  element('log-in').hidden = false
  report(text)
}

/** Runs what a button asks for and reports how it went. */
function when(target, type, action) {
  target.addEventListener(type, async (event) => {
    event.preventDefault()
    report('working')
    try {
      report(await action(event))
    } catch (error) {
      report(`failed: ${error.message}`)
    }
  })
}

when(element('log-in'), 'submit', async (event) => {
  const display = event.submitter.value
  enter(await client.signIn(event.target.elements.handle.value, { display, state: 'kept' }))
  return 'logged in'
})

when(element('write'), 'click', async () => {
  const created = await call('com.atproto.repo.createRecord', {
    repo: session.did,
    collection,
    record: { $type: collection, text: `written at ${new Date().toISOString()}` },
  })
  const { records } = await call(`com.atproto.repo.listRecords?repo=${session.did}&collection=${collection}`)
  element('records').replaceChildren(
    ...records.map(({ uri, value }) => Object.assign(document.createElement('li'), { textContent: value.text, title: uri })),
  )
  return `wrote ${created.uri}`
})

when(element('refresh'), 'click', async () => {
  const info = await session.getTokenInfo(true)
  await call('com.atproto.server.getSession')
  return `refreshed until ${info.expiresAt.toISOString()}`
})

when(element('sign-out'), 'click', async () => {
  await session.signOut()
  leave('signed out')
  return 'signed out'
})

async function call(method, input) {
  const response = await session.fetchHandler(
    `/xrpc/${method}`,
    input && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) },
  )
  const body = await response.json()
  if (!response.ok) throw new Error(`${response.status} ${body.error}`)
  return body
}

start().catch((error) => leave(`failed: ${error.params?.get('error') ?? error.message}`))
