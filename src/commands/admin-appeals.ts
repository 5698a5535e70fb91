import { z } from 'zod';
import { APPEAL_STATUSES, AppealError, type Clock } from '../core/index.js';
import type { AdminAppeals } from '../http/index.js';
import type { Database } from '../store/index.js';
import { findAppeal, listAppeals } from './appeal-views.js';
import { type AppealReview, decideAppeal } from './decide-appeal.js';

/** What appeals are decided with in a running proxy. */
export interface AdminAppealsOptions {
  readonly database: Database;
  /** Returns what decisions are made by at the moment. */
  readonly review: () => AppealReview;
  readonly clock: Clock;
}

const Order = z.strictObject({
  decision: z.enum(['uphold', 'overturn']),
  by: z.string(),
  reason: z.string(),
  allow: z.array(z.string()).max(100).default([]),
  revoke: z.array(z.string()).max(100).default([]),
  apply: z.boolean().default(false),
});

const LISTED = 200;

/** Returns the appeals as the admin routes show and decide them. */
export function createAdminAppeals({ database, review, clock }: AdminAppealsOptions): AdminAppeals {
  return {
    async list(wanted = 'open') {
      const status = APPEAL_STATUSES.find((known) => known === wanted);
      if (status === undefined && wanted !== 'all') {
        throw new AppealError(400, `status must be one of ${APPEAL_STATUSES.join(', ')}, all`);
      }
      return { appeals: await listAppeals(database, { status, limit: LISTED }) };
    },
    show: (hit) => findAppeal(database, hit),
    async decide(hit, given) {
      const order = Order.safeParse(given);
      if (!order.success) {
        throw new AppealError(
          400,
          order.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
        );
      }
      return decideAppeal({ hit, ...order.data }, { database, nowMs: clock.now(), ...review() });
    },
  };
}
