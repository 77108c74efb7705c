// The reference's scope package, asked the questions that ours answers.

import * as reference from '@atproto/oauth-scopes'

const resources = {
  repo: reference.RepoPermission,
  rpc: reference.RpcPermission,
  blob: reference.BlobPermission,
  account: reference.AccountPermission,
  identity: reference.IdentityPermission,
  include: reference.IncludeScope,
}

/** The normal form of a value, or null where it is invalid; what makes the package throw is invalid, too. */
export function normalForm(value) {
  try {
    return reference.normalizeAtprotoOauthScopeValue(value)
  } catch {
    return null
  }
}

/** What the package reads in a value, or undefined. */
export function read(value) {
  const resource = value.slice(0, (/[:?]/.exec(value) ?? { index: value.length }).index)
  if (!Object.hasOwn(resources, resource)) return undefined
  try {
    const permission = resources[resource].fromString(value)
    return permission ? { resource, ...permission } : undefined
  } catch {
    return undefined
  }
}

/** Whether the package throws on a value rather than refusing it. */
export function throwsOn(value) {
  try {
    reference.isAtprotoOauthScope(value)
    return false
  } catch {
    return true
  }
}

/** What a value grants, whichever way it is written: nothing that a normal form may change. */
export function meaning(value) {
  const permission = read(value)
  if (!permission) return normalForm(value)
  const { resource } = permission
  const set = (list) => [...new Set(list.includes('*') ? ['*'] : list)].sort()
  switch (resource) {
    case 'repo':
      return { resource, collection: set(permission.collection), action: set(permission.action) }
    case 'rpc':
      return { resource, lxm: set(permission.lxm), aud: permission.aud }
    case 'blob': {
      const ranges = permission.accept.map((range) => range.toLowerCase())
      const covered = (range) =>
        range !== '*/*' && (ranges.includes('*/*') || (!range.endsWith('/*') && ranges.includes(range.replace(/\/.*/, '/*'))))
      return { resource, accept: set(ranges.filter((range) => !covered(range))) }
    }
    case 'account':
      return { resource, attr: permission.attr, manage: permission.action.includes('manage') }
    default:
      return permission
  }
}

/** Whether a token with this scope may do this. */
export function allows(grant, { resource, ...options }) {
  const permissions = new reference.ScopePermissionsTransition(grant)
  switch (resource) {
    case 'repo':
      return permissions.allowsRepo(options)
    case 'rpc':
      return permissions.allowsRpc(options)
    case 'blob':
      return permissions.allowsBlob(options)
    case 'account':
      return permissions.allowsAccount(options)
    case 'identity':
      return permissions.allowsIdentity(options)
    case 'text':
      return permissions.scopes.has(options.value)
    case 'include':
      return permissions.scopes.some((value) => {
        const set = read(value)
        return set?.resource === 'include' && set.nsid === options.nsid && [undefined, set.aud].includes(options.aud)
      })
    default:
      throw new TypeError(`an act on ${resource}`)
  }
}

/** The value that the package names as missing. */
export function needed({ resource, ...options }) {
  return resources[resource].scopeNeededFor(options)
}

/** What one has to be allowed to do in order to have all of a value. A range of media is asked about by a type of its own. */
export function actsOf(value) {
  if (value === 'transition:email') return [{ resource: 'account', attr: 'email', action: 'read' }]
  const granted = meaning(value)
  if (typeof granted !== 'object' || granted === null) return [{ resource: 'text', value }]
  const { resource, collection, action, lxm, aud, accept, attr, manage } = granted
  switch (resource) {
    case 'repo':
      return collection.flatMap((one) => action.map((other) => ({ resource, collection: one, action: other })))
    case 'rpc':
      return lxm.map((one) => ({ resource, lxm: one, aud }))
    case 'blob':
      return accept.map((range) => ({
        resource,
        mime: range.replace('*/', 'nowhere/').replace('/*', '/never-heard-of'),
      }))
    case 'account':
      return [{ resource, attr, action: manage ? 'manage' : 'read' }]
    default:
      return [granted]
  }
}

/** What a permission set grants to those who include it. */
export function expand(include, permissions) {
  return reference.IncludeScope.fromString(include).toScopes({ permissions })
}
