// The moments of an account's life on the pages of the login, for somebody who lives on an unmodified PDS: what a form
// changes there is changed on the PDS and in the PLC directory.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { writeAndRead } from './lib/client.mjs'
import { startDelegatingHosts } from './lib/delegation.mjs'
import { database, newPassword, operate, startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { mailedCode, until } from './lib/mailbox.mjs'
import { authorize, identity, logIn, signUp } from './lib/people.mjs'
import { succeed, xrpc } from './lib/xrpc.mjs'
import { signIn } from './lib/walk.mjs'

let entryway, fleet, paula
const browser = new FormBrowser()

before(async () => {
  entryway = await startEntryway()
  fleet = await startDelegatingHosts(entryway, ['only'])
  paula = await signUp(entryway, fleet, 'paula')
})
after(async () => {
  await fleet?.stop()
  await entryway?.stop()
})

test('an address is confirmed with the code from the letter', async () => {
  let page = await open('/account/email')
  const code = await mailedCode(entryway, paula.email, async () => { page = await browser.press(page, 'Send a code') })
  page = await browser.press(page, 'Confirm the address', { code })
  assert.match(page.text, /Your e-mail address is confirmed\./)
  assert.equal((await session()).emailConfirmed, true)
})

test('another address takes a code that went to the confirmed one', async () => {
  const email = 'paula-two@example.com'
  let page = await open('/account/email/new')
  const code = await mailedCode(entryway, paula.email, async () => { page = await browser.press(page, 'Send a code', { email }) })
  page = await browser.press(page, 'Change the address', { email, code: 'AAAAA-AAAAA' })
  assert.match(page.text, /That code is not good\./)
  assert.equal((await session()).email, paula.email)
  page = await browser.press(page, 'Change the address', { email, code })
  assert.match(page.text, /Your e-mail address is changed\./)
  paula.email = email
  const { email: present, emailConfirmed } = await session()
  assert.deepEqual([present, emailConfirmed], [email, false])
})

test('another handle is had by the directory and by the PDS, and a taken one is refused', async () => {
  await signUp(entryway, fleet, 'taken')
  let page = await open('/account/handle')
  page = await browser.press(page, 'Change handle', { handle: 'taken' })
  assert.match(page.text, /That handle is not free\./)
  page = await browser.press(page, 'Change handle', { handle: 'paula-two' })
  assert.match(page.text, /Your handle is changed\./)
  paula.handle = 'paula-two.test'
  const { document } = await identity(entryway, paula.did)
  assert.deepEqual(document.alsoKnownAs, [`at://${paula.handle}`])
  const repo = await describeRepo()
  assert.deepEqual([repo.body.handle, repo.body.handleIsCorrect], [paula.handle, true])
})

test('an account that rests can publish nothing, and is woken by who signs in', async () => {
  let page = await browser.press(await open('/account/deactivate'), 'Deactivate my account')
  assert.match(page.text, /Your account is deactivated/)
  assert.deepEqual(await status(), { active: false, status: 'deactivated' })
  page = await browser.press(await open('/account'), 'Activate it again')
  assert.match(page.text, /Welcome back\./)
  assert.deepEqual(await status(), { active: true, status: undefined })
  await writeAndRead(await authorize(entryway, paula), 'awake')
})

test('a forgotten password is replaced with a code, and every session ends', async () => {
  const app = await authorize(entryway, paula)
  const stranger = new FormBrowser()
  let page = await stranger.open(`${entryway.issuer}/account/password`)
  const code = await mailedCode(entryway, paula.email, async () => {
    page = await stranger.press(page, 'Send me a code', { email: paula.email })
  })
  paula.password = newPassword()
  await until(async () => {
    page = await stranger.press(page, 'Change password', { code, password: paula.password })
    return page.text.includes('Your password is changed')
  }, 'the code never became good', 1_000)
  await assert.rejects(app.getTokenInfo(true))
  // the browser that was signed in before has to sign in again
  assert.notEqual((await browser.open(`${entryway.issuer}/account`)).field('password'), undefined)
  await logIn(paula, paula.pds.publicUrl)
})

test('the end takes the password and a code, and leaves nothing but the DID', async () => {
  let page = await open('/account/delete')
  const code = await mailedCode(entryway, paula.email, async () => { page = await browser.press(page, 'Send a code') })
  page = await browser.press(page, 'Delete my account for good', { code, password: 'not the password' })
  assert.match(page.text, /That password did not match\./)
  page = await browser.press(page, 'Delete my account for good', { code, password: paula.password })
  assert.match(page.text, /Your account is deleted\./)
  assert.equal((await describeRepo()).status, 400)
  const query = { handle: paula.handle }
  assert.equal((await xrpc(entryway.issuer, 'com.atproto.identity.resolveHandle', { query })).status, 400)
  assert.equal((await identity(entryway, paula.did)).status, 200)
})

// C28
test('nothing of all this is left to be finished', async () => {
  const nothing = async () => (await operate(['account', 'unfinished', ...database()])) === ''
  await until(nothing, 'something is unfinished', 60_000)
})

/** A page of the account, signed in to where it asks for that. */
async function open(path) {
  const page = await browser.open(entryway.issuer + path)
  const asksWho = page.buttons.includes('Sign in') && page.field('username') !== undefined
  return asksWho ? signIn(browser, page, paula) : page
}

/** What the PDS says of it to its owner, which it asks us. */
async function session() {
  const { accessJwt: bearer } = (await logIn(paula, paula.pds.publicUrl)).session
  return succeed(paula.pds.publicUrl, 'com.atproto.server.getSession', { bearer })
}

const describeRepo = () => xrpc(paula.pds.publicUrl, 'com.atproto.repo.describeRepo', { query: { repo: paula.did } })

async function status() {
  const query = { did: paula.did }
  const { active, status } = await succeed(paula.pds.publicUrl, 'com.atproto.sync.getRepoStatus', { query })
  return { active, status }
}
