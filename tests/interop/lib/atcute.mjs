// The unmodified OAuthClient of @atcute/oauth-node-client, as a client of one server.

import { LocalActorResolver, PlcDidDocumentResolver, XrpcHandleResolver } from '@atcute/identity-resolver'
import { MemoryStore, OAuthClient, generateClientAssertionKey } from '@atcute/oauth-node-client'
import { remember, rememberingFetch } from './artefacts.mjs'
import { Store, redirectUri } from './client.mjs'

/** A key that signs an app's assertions. */
export async function newKey(kid, algorithm = 'ES256') {
  const key = await generateClientAssertionKey(kid, algorithm)
  remember(key.d)
  return key
}

/** A client of loopback redirects, whose document the server makes up. */
export function loopbackClient(entryway) {
  return newClient(entryway, { metadata: { redirect_uris: [redirectUri], scope: 'atproto transition:generic' } })
}

/** An app with these keys, new sessions with the first of each algorithm, and its document at the lab's site. */
export function appClient(lab, name, { keyset, keysBy, sessions }) {
  const at = `${lab.site.origin}/${name}`
  const metadata = {
    client_id: `${at}/client.json`,
    client_uri: at,
    redirect_uris: [`${at}/callback`],
    scope: 'atproto transition:generic',
    jwks_uri: keysBy === 'jwks_uri' ? `${at}/jwks.json` : undefined,
  }
  const client = newClient(lab, { metadata, keyset, sessions })
  const publish = () => {
    lab.site.serve(`/${name}/client.json`, client.metadata)
    if (client.jwks) lab.site.serve(`/${name}/jwks.json`, client.jwks)
  }
  return Object.assign(client, { publish })
}

function newClient(entryway, { metadata, keyset, sessions = new Store() }) {
  const fetch = rememberingFetch
  const client = new OAuthClient({
    metadata,
    keyset,
    fetch,
    // its own caches have timers that outlive the test
    stores: {
      sessions, states: new Store(), prMetadata: new MemoryStore(), asMetadata: new MemoryStore(), dpopNonces: new MemoryStore(),
    },
    actorResolver: new LocalActorResolver({
      handleResolver: new XrpcHandleResolver({ serviceUrl: entryway.pds, fetch }),
      didDocumentResolver: new PlcDidDocumentResolver({ apiUrl: entryway.plc, fetch }),
    }),
  })
  return Object.assign(client, { sessions, saved: (did) => sessions.get(did) })
}

/** Refreshes with the tokens that were saved then. */
export async function refreshWith(client, saved) {
  await client.sessions.set(saved.tokenSet.sub, saved)
  return client.restore(saved.tokenSet.sub, { refresh: true })
}
