// People of a fleet: how they come to be there, and how a stock library speaks for them.

import assert from 'node:assert/strict'
import { AtpAgent } from '@atproto/api'
import { rememberingFetch } from './artefacts.mjs'
import { loopbackClient } from './client.mjs'
import { newPassword } from './entryway.mjs'
import { FormBrowser } from './form-browser.mjs'
import { walkToAnswer } from './walk.mjs'

/** An agent that logs in with a password: at the login itself, or at a host. */
export const newAgent = (service) => new AtpAgent({ service, fetch: rememberingFetch })

/** What somebody types who signs up. */
export const applicant = (name) => ({ handle: `${name}.test`, email: `${name}@example.com`, password: newPassword() })

/** Signs somebody up as an app does, and answers them with their DID, the host they were placed on and that app's agent. */
export async function signUp(entryway, { hosts }, name) {
  const typed = applicant(name)
  const agent = newAgent(entryway.issuer)
  await agent.createAccount(typed)
  const pds = hosts.find(({ publicUrl }) => publicUrl === agent.pdsUrl?.origin)
  assert.ok(pds, `${name} was placed at ${agent.pdsUrl}`)
  return { ...typed, did: agent.did, pds, agent }
}

export async function logIn({ handle, password }, service) {
  const agent = newAgent(service)
  await agent.login({ identifier: handle, password })
  return agent
}

/** Has an agent send everything to where it logged in, as one does that was told of no PDS. */
export function stayAtLogin(agent) {
  agent.sessionManager.pdsUrl = undefined
  return agent
}

/** Authorizes a stock OAuth client that knows nothing but a name, and answers the session. */
export async function authorize(entryway, account, { start = account.handle, prompt, ...options } = {}) {
  const client = loopbackClient(entryway, { handleResolver: entryway.issuer, ...options })
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(start, { prompt }))
  const { answer } = await walkToAnswer(browser, page, account)
  const { session } = await client.callback(answer)
  return Object.assign(session, { tokens: () => client.tokens(session.did), saved: () => client.saved(session.did) })
}

/** The DID document that the directory gives for a DID. */
export async function identity(entryway, did) {
  const response = await fetch(`${entryway.plc}/${did}`)
  return { status: response.status, document: response.ok ? await response.json() : undefined }
}
