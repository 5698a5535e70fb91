import type { Agent as UndiciAgent, Pool as UndiciPool } from 'undici';

// What is used of undici comes from its own files: the package as a whole loads five times as many (fetch, WebSocket, caches, proxies), which
// would only wait in memory.

/** Connections to any host. */
export const Agent = require('undici/lib/dispatcher/agent.js') as typeof UndiciAgent;
/** See the class of that name. */
export type Agent = UndiciAgent;

/** Connections to one host. */
export const Pool = require('undici/lib/dispatcher/pool.js') as typeof UndiciPool;
/** See the class of that name. */
export type Pool = UndiciPool;

// As the package itself gives its classes what `lib/api` holds.
Agent.prototype.request = require('undici/lib/api/api-request.js') as UndiciAgent['request'];
