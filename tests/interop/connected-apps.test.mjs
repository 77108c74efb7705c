// What a person sees and ends of their account, in real browsers, while a stock client uses it.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { TokenRefreshError } from '@atproto/oauth-client-node'
import { launchChromium, newPerson, skip } from './lib/chromium.mjs'
import { button, signInAndAuthorize, typeAndSignIn } from './lib/clicks.mjs'
import { loopbackClient, redirectUri, writeAndRead } from './lib/client.mjs'
import { startEntryway } from './lib/entryway.mjs'

const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

describe('apps and devices', { skip }, () => {
  let entryway
  let chromium
  let here
  let there

  before(async () => {
    entryway = await startEntryway()
    chromium = await launchChromium()
  })
  after(async () => {
    await chromium?.close()
    await entryway?.stop()
  })
  beforeEach(async () => {
    here = await newPerson(chromium, { origin: entryway.issuer })
    there = await newPerson(chromium, { origin: entryway.issuer, userAgent: phone })
  })
  afterEach(async () => {
    for (const person of [here, there]) {
      await person.close()
      assert.deepEqual(person.faults, [])
    }
  })

  test('an app is listed in words with its device, and a button ends its session', async () => {
    const client = loopbackClient(entryway)
    const session = await logIn(client, there)
    await writeAndRead(session, 'before it was ended')

    const page = await ownPage(here, entryway.alice)
    const app = page.locator('.own-entry').filter({ hasText: 'Allowed on' }).first()
    const text = await app.innerText()
    for (const part of ['localhost', 'It can:', 'Safari on iPhone', 'Ends by itself on']) {
      assert.ok(text.includes(part), `"${part}" is not in: ${text}`)
    }

    await app.getByRole('button', { name: 'End access of localhost', exact: true }).click()
    await done(page, /^The app has no access any more\./)
    await assert.rejects(session.getTokenInfo(true), TokenRefreshError)
  })

  test('a device that is ended from another one is signed out there', async () => {
    const far = await ownPage(there, entryway.alice)
    const near = await ownPage(here, entryway.alice)
    await near.getByRole('button', { name: 'Sign out Safari on iPhone', exact: true }).first().click()
    await done(near, /^That device is signed out\./)

    await far.reload()
    await far.getByLabel('Password').waitFor()
    assert.equal(await button(far, 'Sign in').count(), 1)
  })

  test('everything ends at once, this device and the app too', async () => {
    const client = loopbackClient(entryway)
    const session = await logIn(client, there)
    const page = await ownPage(here, entryway.alice)
    await page.getByText('Sign out everywhere', { exact: true }).click()
    await button(page, 'End all devices and all apps').click()
    await done(page, /^That account is signed out everywhere\./)
    await page.getByLabel('Password').waitFor()
    await assert.rejects(session.getTokenInfo(true), TokenRefreshError)
  })

  /** The page of the account's apps and devices, signed in to without an app. */
  async function ownPage(person, account) {
    const page = await person.newPage()
    await page.goto(`${entryway.issuer}/account`)
    if (await page.getByLabel('Password').count()) await typeAndSignIn(page, account)
    await page.getByRole('heading', { name: 'Devices', exact: true }).waitFor()
    return page
  }

  /** Walks a stock client's log-in in that browser; nothing listens where it is sent, so the request is caught. */
  async function logIn(client, person) {
    const page = await person.newPage()
    await page.goto((await client.authorize('alice.test')).href)
    const sent = page.waitForRequest((request) => request.url().startsWith(redirectUri))
    await signInAndAuthorize(page, entryway.alice)
    const { session } = await client.callback(new URL((await sent).url()).searchParams)
    await page.close()
    return session
  }

  async function done(page, wanted) {
    const notice = page.getByRole('status')
    await notice.waitFor()
    assert.match((await notice.innerText()).trim(), wanted)
  }
})
