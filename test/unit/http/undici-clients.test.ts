import * as undici from 'undici';
import { Agent, Pool } from '../../../src/http/undici-clients.js';

it('are the clients that undici gives to everybody, and do what those do', () => {
  expect(Agent).toBe(undici.Agent);
  expect(Agent.prototype.request).toBe(undici.Client.prototype.request);
  expect(Pool).toBe(undici.Pool);
});
