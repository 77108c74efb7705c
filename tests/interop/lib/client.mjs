// The unmodified NodeOAuthClient, set up as a client of one server: on loopback, or as an app with keys.

import assert from 'node:assert/strict'
import { NodeOAuthClient, buildAtprotoLoopbackClientMetadata, requestLocalLock } from '@atproto/oauth-client-node'
import { remember, rememberingFetch } from './artefacts.mjs'

/** Nothing listens there: the browsers stop where the client would be called. */
export const redirectUri = 'http://127.0.0.1:7777/callback'

export function loopbackClient(entryway, { scope = 'atproto transition:generic', ...options } = {}) {
  const clientMetadata = buildAtprotoLoopbackClientMetadata({ scope, redirect_uris: [redirectUri] })
  return newClient(entryway, { clientMetadata, allowHttp: true, ...options })
}

/** A client with stores in memory, and ways to look into them. */
export function newClient(entryway, { sessions = new Store(), ...options }) {
  const client = new NodeOAuthClient({
    handleResolver: entryway.pds,
    plcDirectoryUrl: entryway.plc,
    fetch: rememberingFetch,
    stateStore: new Store(),
    sessionStore: sessions,
    requestLock: requestLocalLock,
    ...options,
  })
  return Object.assign(client, {
    sessions,
    saved: (did) => sessions.get(did),
    tokens: (did) => sessions.get(did)?.tokenSet,
  })
}

/** Calls a method of the account's PDS as the session's person, whichever library's session it is. */
export async function call(session, method, input) {
  const send = (session.fetchHandler ?? session.handle).bind(session)
  const response = await send(
    `/xrpc/${method}`,
    input && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) },
  )
  return { status: response.status, body: await response.json() }
}

/** Writes a record as the session's person, and finds it among theirs. */
export async function writeAndRead(session, text) {
  const collection = 'com.example.note'
  const record = { $type: collection, text }
  const created = await call(session, 'com.atproto.repo.createRecord', { repo: session.did, collection, record })
  assert.equal(created.status, 200)
  const listed = await call(session, `com.atproto.repo.listRecords?repo=${session.did}&collection=${collection}`)
  assert.equal(listed.status, 200)
  assert.deepEqual(listed.body.records.find(({ uri }) => uri === created.body.uri)?.value, record)
}

/** Refreshes with the tokens that were saved then. */
export async function refreshWith(client, saved) {
  await client.sessions.set(saved.tokenSet.sub, saved)
  return client.restore(saved.tokenSet.sub, true)
}

/** A store as both families of clients want one. */
export class Store {
  #saved = new Map()

  get(key) {
    return structuredClone(this.#saved.get(key))
  }

  set(key, value) {
    remember(value.verifier ?? value.pkceVerifier, value.tokenSet?.access_token, value.tokenSet?.refresh_token)
    remember((value.dpopJwk ?? value.dpopKey)?.d)
    this.#saved.set(key, structuredClone(value))
  }

  del(key) {
    this.#saved.delete(key)
  }

  delete(key) {
    this.del(key)
  }

  clear() {
    this.#saved.clear()
  }
}
